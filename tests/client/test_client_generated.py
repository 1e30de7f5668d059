"""The generated parts of the client are what their scripts write from what they come from."""

from tests.client.generate.files import CLIENT, generated, stale


def test_generated_files_are_up_to_date() -> None:
    """``make client`` writes them anew."""
    texts = generated()
    assert [str(path) for path, text in texts.items() if (CLIENT / path).read_text() != text] == []
    assert stale(texts) == []
