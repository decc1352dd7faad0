"""Errors of the twin core.

TwinError
├── OutsideScope        the seat may not see the thing it asked for
├── UnknownKind         a kind or register that the catalogue does not hold
├── BadFrame            a reading frame that does not fit its schema
├── BadRule             an alarm rule that cannot be evaluated
├── BadNotice           a subscription to notices that makes no sense
├── BadIncidentAction   what somebody wants to do with an incident does not fit its state
├── BadQualityRule      a rule of data quality, or its formula, that cannot be evaluated
├── BadRecord           a record of a measuring point or device that its standard does not allow
├── BadFault            a fault that the simulator does not know
├── BadRetention        days or years to keep readings that make no sense
├── BadEdit             an edit that the catalogue of kinds does not allow
├── BadSeat             a seat that cannot exist (role unknown, company seat without a company)
└── NotPermitted        a change that the seat's role may not make
"""

from __future__ import annotations


class TwinError(Exception):
    """Base of all errors raised by `twin`."""


class OutsideScope(TwinError):
    """Raised when a seat asks for a city, layer, area or company that its Scope does not hold."""


class UnknownKind(TwinError):
    """Raised when a name is not an asset kind of `twin.kinds`, or not a register of `twin.registers`."""


class BadFrame(TwinError):
    """Raised when a reading frame does not fit its source or frame schema."""


class BadRule(TwinError):
    """Raised when an alarm rule cannot be evaluated or could never clear; the message names the rule and what would be right."""


class BadAlarmAction(TwinError):
    """Raised when an alarm is not in a state for what somebody wants to do with it; the message says what is missing."""


class BadWarning(TwinError):
    """Raised when a warning names a type, level or model that does not exist, says too little, or is not in a state for it."""


class BadDrill(TwinError):
    """Raised when a drill has no end within 24 hours, is over, or another one runs."""


class BadNotice(TwinError):
    """Raised when a subscription to notices makes no sense; the message names the part, its value and what would be right."""


class BadIncidentAction(TwinError):
    """Raised when an incident is not in a state for what somebody wants to do with it, or the note is missing."""


class BadQualityRule(TwinError):
    """Raised when a rule of data quality has no sense: unknown kind, parameter or point, or a formula that is none."""


class BadRecord(TwinError):
    """Raised when a record of a measuring point, device or threshold does not fit CJ/T 545; the message says what would."""


class NotPermitted(TwinError):
    """Raised when a seat asks for a change that its role may not make; the message names the roles that may."""


class BadFault(TwinError):
    """Raised when a fault of the simulator is not `burst:PIPE_CODE`, or its arrival neither `spread` nor `burst`."""


class BadEdit(TwinError):
    """Raised when an edit does not fit the catalogue: unknown attribute, wrong type or code, invalid or misplaced geometry."""


class BadSeat(TwinError):
    """Raised when a seat cannot be built from its parts."""


class BadRetention(TwinError):
    """Raised when days or years to keep readings make no sense; the message names kind, value and what would be right."""
