"""A form's questions: kinds, values, targets, versions, and XLSForm in and out."""
