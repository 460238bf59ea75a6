// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How a meter was found when something was last asked of it.
public enum MeterReachability: String, CaseIterable, Hashable, Sendable {
    /// It answered.
    case online
    /// It answered, but not with what was asked: it rejects the association or the key, or breaks the protocol.
    case failing
    /// It could not be reached, or gave no answer.
    case offline
    /// It is left alone for a while, itself or its line, because that happened too often.
    case breakerOpen = "breaker-open"
    /// This gateway asked nothing of it since it started, since its configuration changed, or since its line came here.
    case unknown
}
