from schemathesis import Check

positive_data_acceptance: Check
negative_data_rejection: Check
