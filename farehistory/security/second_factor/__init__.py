"""A second factor for staff: a code from an app (TOTP), and recovery codes for when it is lost."""
