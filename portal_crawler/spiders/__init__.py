"""One file per portal, named by its host reversed: ``sotttt.hanoi.gov.vn`` is ``hanoi_sotttt``."""
