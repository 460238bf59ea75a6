// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A frame as it can be shown to people: secrets in it are masked.
public struct ExplainedFrame: Hashable, Sendable {
    /// Who sent it.
    public let side: ConversationSide
    /// Its octets as upper-case digits, two asterisks in place of each octet of a secret; UTF-8.
    public let digits: [UInt8]
    /// Whether anything in it is masked.
    public let isMasked: Bool
    /// What it means as one JSON object, UTF-8; nil for octets that are no frame, or when it was not asked for.
    public let explanation: [UInt8]?
}
