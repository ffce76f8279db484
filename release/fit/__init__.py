"""`release fit`: whether and how a model runs on a GPU, from a checkpoint or a bare config.json.

For other parts of release, all pure once the subject is read:

    subject = open_subject(path)                      # or subject_of(checkpoint, name)
    question = Question(vllm="0.32.0", gpu=find_gpu("H100"))
    fit = audit(subject, "vllm serve ...", question)  # or solve(subject, question)
    fit.answer.starts, fit.answer.why, fit.answer.at_least.tokens
    fit.requests(32_768)                              # at least, at most
    smallest_change(subject, fit)                     # None if nothing makes it start

What is not modelled raises `NotEstimated` with the reason.
"""
