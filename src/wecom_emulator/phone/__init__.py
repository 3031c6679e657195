"""The phones: pages on which a person plays a customer, a staff member or the admin, and the reads they stand on."""
