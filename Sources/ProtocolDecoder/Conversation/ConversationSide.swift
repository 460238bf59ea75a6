// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which side of a conversation octets come from.
public enum ConversationSide: Hashable, Sendable, CaseIterable {
    /// The gateway or another client.
    case client
    /// The meter.
    case server
}
