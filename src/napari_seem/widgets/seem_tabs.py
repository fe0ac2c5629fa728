"""The tabs of the main dock: prompts, rounds, speech, rules of committing, classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QTabWidget

from napari_seem.widgets.classes import ClassesView
from napari_seem.widgets.commit_rules import RulesView
from napari_seem.widgets.entries import EntriesView
from napari_seem.widgets.rounds import RoundsView
from napari_seem.widgets.speech import SpeechView
from napari_seem.worker import on_worker
from seem_model.class_list_files import last_used, remember
from seem_model.class_lists import ClassList
from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_seem.annotator import Annotator


NO_CLASSES = ClassList("classes")
"""Shown where the model's own names are in use."""


class SeemTabs(QTabWidget):
    """What belongs to the current object, and how objects are committed and named.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self.entries = EntriesView(annotator)
        self.rounds = RoundsView(annotator)
        self.speech = SpeechView(self._names, self._said, on_worker)
        self.rules = RulesView()
        self.classes = ClassesView()
        self.setDocumentMode(True)
        bar = self.tabBar()
        if bar is not None:  # for the type checker: there is one
            bar.setDrawBase(False)  # a white line beside the tabs in napari's themes
        self.setUsesScrollButtons(False)
        for view, title, tip in (
            (self.entries, "Prompts", "Everything that was asked about this object."),
            (self.rounds, "Rounds", "Answers to this object so far, to go back to."),
            (self.speech, "Speak", "Say what to find."),
            (self.rules, "Rules", "What happens when an object is committed."),
            (self.classes, "Classes", "Names that objects get."),
        ):
            self.setTabToolTip(self.addTab(view, title), tip)
        self.rules.show_rules(annotator.shelf.rules)
        self.rules.changed.connect(self._ruled)
        self._recall()
        self.classes.changed.connect(self._listed)
        self.classes.chosen.connect(annotator.set_name)

    def refresh(self) -> None:
        """Show the state of the moment."""
        self.entries.refresh()
        self.rounds.refresh()
        self._follow_session()
        entries, rounds = (
            len(self._annotator.asking.entries),
            len(self._annotator.page.current.steps),
        )
        self.setTabText(0, f"Prompts {entries}" if entries else "Prompts")
        self.setTabText(1, f"Rounds {rounds}" if rounds else "Rounds")

    def _follow_session(self) -> None:
        """Show rules and classes that came with a session."""
        rules, classes = self._annotator.shelf.rules, self._annotator.engine.naming.classes
        if rules != self.rules.rules:
            self.rules.show_rules(rules)
        self.classes.show_list(NO_CLASSES if classes is None else classes)

    def _names(self) -> Sequence[str]:
        predictor = self._annotator.engine.predictor
        return () if predictor is None else predictor.vocabulary

    def _said(self, text: str) -> None:
        self._annotator.asking.name(text, positive=self._annotator.positive)

    def _ruled(self) -> None:
        self._annotator.shelf.rules = self.rules.rules
        self._annotator.changed.emit()

    def _recall(self) -> None:
        naming = self._annotator.engine.naming
        try:
            classes = naming.classes if naming.classes is not None else last_used()
        except SeemError as error:
            show_warning(str(error))
            return
        if classes is not None:
            self.classes.show_list(classes)
            naming.use(classes)

    def _listed(self, classes: ClassList) -> None:
        self._annotator.engine.naming.use(classes)
        try:
            remember(classes)
        except SeemError as error:
            show_warning(str(error))
