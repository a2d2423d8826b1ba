"""The department at its reports: who has sent, one report, decisions, terms."""
