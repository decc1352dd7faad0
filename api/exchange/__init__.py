"""The exchange interface of CJJ/T 312-2021 appendix B as the platform requirements print it: `pushdata` and `getdata`.

What the documents leave open is decided in docs/exchange.md.
"""
