"""Studies: arms tuned and compared on a suite of problems, as jobs of a project."""

from ayla.study.report import StudyReport, report_of
from ayla.study.runner import ProblemJobs, StudyResult, run_study, study_jobs, study_result
from ayla.study.study_file import Study, StudyArm, StudyProblem, StudyProtocol, study_of

__all__ = [
    "ProblemJobs",
    "Study",
    "StudyArm",
    "StudyProblem",
    "StudyProtocol",
    "StudyReport",
    "StudyResult",
    "report_of",
    "run_study",
    "study_jobs",
    "study_of",
    "study_result",
]
