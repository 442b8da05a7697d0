"""The doorway of HTTP: one way to answer, refuse, repeat, page and commit, for every service.

`api.py` makes its router with `operations()`, takes `Admitted`, `Transaction`, `Once`, `Moment`,
`IfMatch`, `Limit` and `Cursor` as parameters and documents itself with `refusals()`; `app.py` calls
`create_app()`.
"""
