"""Holds what this project assumes about AWS against a deployed function.

It has not met AWS yet: see docs/verification.md.
"""
