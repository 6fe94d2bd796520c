"""The timetable: which background job is due when, and the process that defers it.

Jobs themselves belong to `engine`. Nothing here knows what a job does.
"""
