"""Offhook with echo cancellation, noise suppression and gain control off."""
from .offhook import Phone as Base


class Phone(Base):
    name = "offhook_raw"
    processing = False
