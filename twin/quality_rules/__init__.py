"""Rules of data quality (数据质量规则): what they are, their formulas, and which values of which frames they flag."""
