"""How the API speaks HTTP: problems, request ids, keys, bodies, the OpenAPI document.

No app imports this package: Django and DRF reach it by the strings in `farehistory.http.settings`.
"""
