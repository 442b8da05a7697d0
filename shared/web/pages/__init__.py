"""Pages for people: the shell around them, who is signed in, words, figures, forms, refusals.

A service's `pages.py` makes its router with `pages()`, takes the parameters of `api.py`
(`Admitted`, `Transaction`, `Moment`) and, for what a form sends, `OnceForm` and `VersionForm`; it
answers with `draw()`. Its `app.py` gives `create_app()` a `Shell`. Decision 10 says why.
"""
