from tests.api_client import api  # noqa: F401 - a fixture
