"""The engine: columns, rows, kernel, rules, watermarks; knows neither Faust nor SQL."""
