"""Whisper as recogniser, through transformers, from a folder on this machine."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from seem_model.errors import SpeechError
from seem_model.speech.sound import RATE, Samples, ready
from seem_model.speech.transcript import Transcript, Watch

if TYPE_CHECKING:
    from torch import Tensor

# Checkpoints of several languages have at least so many tokens; English ones have one less.
_MULTILINGUAL = 51865
_LONGEST = 48  # tokens; a phrase has ten


class WhisperRecogniser:
    """Hears any English phrase. Reads nothing but the folder.

    Parameters
    ----------
    folder : str or Path
        As published on the Hugging Face hub: ``config.json``, ``model.safetensors`` and the files
        of the tokenizer.

    Raises
    ------
    SpeechError
        If the folder does not hold a Whisper model.
    """

    def __init__(self, folder: str | Path) -> None:
        # from their own files: the automatic classes want packages for images and video
        from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration
        from transformers import WhisperTokenizer as Tokenizer

        place = Path(folder).expanduser()
        if not (place / "config.json").is_file():
            raise SpeechError(
                f"{place} holds no Whisper model: choose the folder with its config.json and "
                "model.safetensors."
            )
        try:
            self._listen: Any = WhisperFeatureExtractor.from_pretrained(
                place, local_files_only=True
            )
            self._tokens: Any = Tokenizer.from_pretrained(place, local_files_only=True)
            self._model: Any = WhisperForConditionalGeneration.from_pretrained(
                place, local_files_only=True
            ).eval()
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
            raise SpeechError(f"The Whisper model in {place} cannot be loaded: {error}") from error
        self._lock = Lock()

    def hear(self, samples: Samples, rate: int, *, watch: Watch | None = None) -> Transcript:
        """Recognise one phrase; see :meth:`Recogniser.hear`."""
        sound = ready(samples, rate)
        features = self._listen(sound, sampling_rate=RATE, return_tensors="pt").input_features
        with self._lock:
            tokens, confidence = self._spell(features, watch)
        said = self._tokens.decode(tokens, skip_special_tokens=True)
        text = " ".join(said.strip().lower().rstrip(".!?").split())
        if not text:
            raise SpeechError("No words were understood; speak again, or type the phrase.")
        return Transcript(text, confidence)

    def _spell(self, features: Tensor, watch: Watch | None) -> tuple[Tensor, float]:
        import torch
        from transformers import StoppingCriteriaList

        english: dict[str, str] = {}
        if self._model.config.vocab_size >= _MULTILINGUAL:
            english = {"language": "en", "task": "transcribe"}

        def told(tokens: Tensor, scores: object, **_: object) -> Tensor:
            if watch is not None:
                watch(min(1.0, tokens.shape[-1] / _LONGEST))
            return torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)

        with torch.inference_mode():
            found = self._model.generate(
                features, max_new_tokens=_LONGEST, do_sample=False, num_beams=1,
                return_dict_in_generate=True, output_scores=True,
                stopping_criteria=StoppingCriteriaList([told]), **english,
            )  # fmt: skip
        sequence = found.sequences[0]
        written = sequence[len(sequence) - len(found.scores) :]
        steps = torch.stack([s[0].log_softmax(-1) for s in found.scores])
        certainty = steps[torch.arange(len(written)), written].mean().exp()
        return sequence, float(certainty)
