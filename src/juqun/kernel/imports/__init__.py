"""imports 导入: files of the retailer (CSV, XLSX, Parquet) read in typed batches; bad lines set aside so that they can be mended.

Owns the run of an import (state, counts, progress, error file) and the reading, casting and rejecting. Knows nothing of members
or orders: the room that owns them hands in the columns and a sink. Nouns: run, column, batch, sink, reject.
"""
