"""Pure decisions of the audience room: the segment language, its compilers, RFM and CLV. No Django, no clock, no I/O."""
