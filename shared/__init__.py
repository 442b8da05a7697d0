"""Mechanisms without a business noun, and the event contracts; knows no service."""
