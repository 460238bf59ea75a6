// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Octets that must never be printed: a password or a key.
///
/// Every textual form is redacted, so that a secret which ends up in a log line, an error or a debugger dump shows
/// nothing of its content, not even its length. The octets leave only through ``exposedOctets`` and
/// ``withExposedOctets(_:)``, which are easy to search for.
public struct Secret: Sendable, Hashable {
    private let octets: [UInt8]

    /// Wraps octets as a secret.
    public init(_ octets: [UInt8]) {
        self.octets = octets
    }

    /// Wraps the UTF-8 octets of a text as a secret.
    public init(text: String) {
        self.init(Array(text.utf8))
    }

    /// The number of octets, for checks of a key's length.
    public var count: Int { octets.count }

    /// The octets in clear, for the one place that hands them to a cipher or to the peer.
    public var exposedOctets: [UInt8] { octets }

    /// Calls `body` with the octets in clear, without copying them.
    public func withExposedOctets<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try octets.withUnsafeBufferPointer { buffer throws(Failure) in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Compares in a time that depends on the lengths only, not on where the octets differ.
    public static func == (left: Secret, right: Secret) -> Bool {
        ConstantTime.areEqual(left.octets, right.octets)
    }

    /// Feeds the octets to a hasher, whose seed is random per process.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(octets)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same text, whatever the secret is.
    public var description: String { "[secret]" }

    /// Always the same text, whatever the secret is.
    public var debugDescription: String { description }

    /// A mirror without children, so that `dump` and test failure messages show nothing either.
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
