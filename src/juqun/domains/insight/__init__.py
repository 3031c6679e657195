"""Insight (衡量): what the work brought. It reads the lake only and writes nothing: funnels, orders by source, cohorts, the
measured effect of campaigns, group health, the dashboard. It owns no facts and takes no decisions for other rooms. Nouns:
credit (attribution), effect (against a holdout), interval, cohort, funnel tier. Credit and effect are different numbers and
are shown as such.
"""
