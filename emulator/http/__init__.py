# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulated service as a server: exchanges, routing, faults, and the control interface."""
