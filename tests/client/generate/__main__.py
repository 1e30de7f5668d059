"""Writes every generated file of the client anew."""

from tests.client.generate.files import CLIENT, generated, stale

if __name__ == "__main__":
    texts = generated()
    for path, text in texts.items():
        (CLIENT / path).parent.mkdir(exist_ok=True)
        (CLIENT / path).write_text(text)
    for path in stale(texts):
        (CLIENT / path).unlink()
