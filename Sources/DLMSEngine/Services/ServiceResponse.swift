// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What a server answered to a ``ServiceRequest``; errors of single attributes are data here.
public enum ServiceResponse: Hashable, Sendable {
    /// One result for each attribute asked for, in the same order.
    case get([GetResult])
    /// One result for each write, in the same order.
    case set([DataAccessResult])
    /// The result of a method.
    case action(ActionOutcome)
    /// A GET whose value was handed over in parts; the total number of octets.
    case streamed(octets: Int)
}

/// The value of one attribute as the octets of its Data, or why there is none.
public enum GetResult: Hashable, Sendable {
    /// One complete Data with its tag; nothing follows it.
    case data([UInt8])
    /// The server's reason.
    case failure(DataAccessResult)

    /// The value as a tree; nil when the server refused.
    ///
    /// - Throws: `DecodeError` when the octets are no valid Data.
    public func value() throws(DecodeError) -> DLMSData? {
        switch self {
        case .data(let octets): try DLMSData(octets: octets)
        case .failure: nil
        }
    }
}

/// The result of a method with what it returned.
public struct ActionOutcome: Hashable, Sendable {
    /// Whether the method was carried out.
    public var result: ActionResult
    /// What the method returned, if anything.
    public var returned: GetResult?

    /// Pairs a result with what was returned.
    public init(result: ActionResult, returned: GetResult? = nil) {
        self.result = result
        self.returned = returned
    }
}
