// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Who has to change something for a failed request to succeed.
public enum Party: String, CaseIterable, Hashable, Sendable {
    /// Who sent the request.
    case caller
    /// The meter: it answered, and refused or broke a rule.
    case meter
    /// What lies between gateway and meter.
    case network
    /// The gateway itself or its operator's settings.
    case gateway
}
