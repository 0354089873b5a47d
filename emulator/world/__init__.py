# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the emulated service knows, and its rules. Nothing here knows HTTP."""
