// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// How a client proves who it is when an association is opened.
public enum AssociationAuthentication: Hashable, Sendable {
    /// Lowest level security: no proof.
    case none
    /// Low level security: a password in clear in the AARQ.
    case low(Secret)
    /// High level security: both sides answer a challenge of the other.
    case high(HighLevelAuthentication)
}
