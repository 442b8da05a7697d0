"""Every fact that crosses a border, written once; `catalogue` says who publishes and who reads."""
