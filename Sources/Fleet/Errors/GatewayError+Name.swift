// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText

extension GatewayError {
    /// The name of the problem in kebab case, part of its URL; never changes.
    public var name: String {
        switch self {
        case .malformedJSON: "malformed-json"
        case .invalidMember(let error): Self.name(of: error)
        case .unknownParameter: "unknown-field"
        case .badParameter: "bad-parameter"
        case .badOBIS: "bad-obis"
        case .idempotencyKeyMissing: "idempotency-key-missing"
        case .authenticationRequired: "authentication-required"
        case .tokenExpired: "token-expired"
        case .tokenInvalid: "token-invalid"
        case .insufficientScope: "insufficient-scope"
        case .meterProtected: "meter-protected"
        case .liveReadNotAllowed: "live-read-not-allowed"
        case .deniedByMeter: "denied-by-meter"
        case .ordersOnly: "orders-only"
        case .notFound: "not-found"
        case .meterUnknown: "meter-unknown"
        case .channelUnknown: "channel-unknown"
        case .associationUnknown: "association-unknown"
        case .objectUndefined: "object-undefined"
        case .objectUnavailable: "object-unavailable"
        case .attributeUndefined: "attribute-undefined"
        case .profileUnknown: "profile-unknown"
        case .noDisconnector: "no-disconnector"
        case .jobUnknown: "job-unknown"
        case .jobPurged: "job-purged"
        case .ambiguousObject: "ambiguous-object"
        case .unexpectedState: "unexpected-state"
        case .wrongState: "wrong-state"
        case .ordersHeld: "orders-held"
        case .outsideOrderWindow: "outside-order-window"
        case .orderExpired: "order-expired"
        case .orderUnconfirmed: "order-unconfirmed"
        case .confirmationMismatch: "confirmation-mismatch"
        case .confirmationRefused: "confirmation-refused"
        case .confirmationUnavailable: "confirmation-unavailable"
        case .orderNotCarriedOut: "order-not-carried-out"
        case .notAllowedByControlMode: "not-allowed-by-control-mode"
        case .adjustmentTooLarge: "adjustment-too-large"
        case .clockAmbiguous: "clock-ambiguous"
        case .captureBoundary: "capture-boundary"
        case .secretsPending: "secrets-pending"
        case .imageRejected: "image-rejected"
        case .idempotencyInFlight: "idempotency-in-flight"
        case .jobNotFinished: "job-not-finished"
        case .expectationFailed: "expectation-failed-state"
        case .inUse: "in-use"
        case .alreadyExists: "already-exists"
        case .etagMismatch: "etag-mismatch"
        case .preconditionRequired: "precondition-required"
        case .typeMismatch: "type-mismatch"
        case .typeRequired: "type-required"
        case .valueOutOfRange: "value-out-of-range"
        case .badRecurrence: "bad-recurrence"
        case .rangeNotSupported: "range-not-supported"
        case .idempotencyKeyReused: "idempotency-key-reused"
        case .objectClassInconsistent: "object-class-inconsistent"
        case .meterLocked: "meter-locked"
        case .rateLimited: "rate-limited"
        case .orderLimit: "order-limit"
        case .internal: "internal"
        case .associationRejected: "association-rejected"
        case .authenticationFailedAtMeter: "authentication-failed-at-meter"
        case .decipheringFailed: "deciphering-failed"
        case .invocationCounterRejected: "invocation-counter-rejected"
        case .protocolError: "protocol-error"
        case .meterHardwareFault: "meter-hardware-fault"
        case .meterRefused: "meter-refused"
        case .meterRefusedConnection: "meter-refused-connection"
        case .exceptionResponse: "exception-response"
        case .outcomeUnknown: "outcome-unknown"
        case .meterTemporaryFailure: "meter-temporary-failure"
        case .meterBusy: "meter-busy"
        case .lineBusy: "line-busy"
        case .queueFull: "queue-full"
        case .circuitOpen: "circuit-open"
        case .meterNotConnected: "meter-not-connected"
        case .heldElsewhere: "held-elsewhere"
        case .draining: "draining"
        case .storeUnavailable: "store-unavailable"
        case .connectionLost: "connection-lost"
        case .verificationFailed: "verification-failed"
        case .notSupported: "not-supported"
        case .notATextMeter: "not-a-text-meter"
        case .readoutUnreadable: "readout-unreadable"
        case .readoutOfAnotherMeter: "readout-of-another-meter"
        case .meterUnreachable: "meter-unreachable"
        case .meterTimeout: "meter-timeout"
        case .notCached: "not-cached"
        case .waitExceeded: "wait-exceeded"
        }
    }

    /// All names there are, in the order of the cases; each has a page of help.
    public static let names: [String] = [
        "malformed-json", "unknown-field", "bad-parameter", "value-out-of-range", "bad-obis",
        "idempotency-key-missing", "authentication-required", "token-expired", "token-invalid", "insufficient-scope",
        "meter-protected", "live-read-not-allowed", "denied-by-meter", "not-found", "meter-unknown", "channel-unknown",
        "association-unknown", "object-undefined", "object-unavailable", "attribute-undefined", "profile-unknown",
        "no-disconnector", "job-unknown", "job-purged", "ambiguous-object", "unexpected-state", "wrong-state",
        "not-allowed-by-control-mode", "adjustment-too-large", "idempotency-in-flight", "job-not-finished",
        "expectation-failed-state", "in-use", "already-exists", "etag-mismatch", "precondition-required",
        "type-mismatch", "type-required", "bad-recurrence", "range-not-supported", "idempotency-key-reused",
        "object-class-inconsistent", "meter-locked", "rate-limited", "order-limit", "internal",
        "association-rejected", "authentication-failed-at-meter", "deciphering-failed",
        "invocation-counter-rejected", "protocol-error", "meter-hardware-fault", "meter-refused",
        "meter-refused-connection", "exception-response", "outcome-unknown", "meter-temporary-failure", "meter-busy",
        "line-busy", "queue-full", "circuit-open", "draining", "held-elsewhere", "meter-unreachable", "meter-timeout",
        "not-cached",
        "wait-exceeded", "orders-only", "store-unavailable", "connection-lost", "verification-failed", "not-supported",
        "clock-ambiguous", "capture-boundary", "secrets-pending", "image-rejected", "not-a-text-meter",
        "readout-unreadable",
        "readout-of-another-meter", "meter-not-connected", "orders-held", "outside-order-window", "order-expired",
        "order-unconfirmed", "confirmation-mismatch", "confirmation-refused", "confirmation-unavailable",
        "order-not-carried-out",
    ]

    private static func name(of error: JSONMemberError) -> String {
        switch error.kind {
        case .unknownMember: "unknown-field"
        case .missingMember, .wrongKind, .invalid: "bad-parameter"
        case .outOfRange: "value-out-of-range"
        }
    }
}
