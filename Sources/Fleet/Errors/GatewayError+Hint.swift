// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension GatewayError {
    /// What to do about it, in one sentence; nil where the detail says it all.
    public var hint: String? {
        if let suggestion { return "Did you mean \(suggestion)?" }
        return switch self {
        case .badOBIS: "Write it like 1.0.1.8.0.255, 1-0:1.8.0*255, 1-0:1.8.0 or 0100010800ff."
        case .idempotencyKeyMissing: "Send a new UUID for each order, and the same one when you repeat it."
        case .authenticationRequired: "Send the header Authorization: Bearer with an API key."
        case .tokenExpired: "Ask the operator for a new key, or get a new token."
        case .tokenInvalid:
            "Send Authorization: Bearer with the whole key or token, or ask the operator for a new one."
        case .insufficientScope: "Ask the operator for a key with this scope."
        case .meterProtected: "Set \"protected\": false in the meter's configuration first."
        case .liveReadNotAllowed: "Ask for a stored reading with ?source=cache, or use a key with readings:live."
        case .deniedByMeter:
            "Use an association with more rights, if the meter is configured with one: ?association=NAME."
        case .meterUnknown: "List the meters with GET /meters."
        case .channelUnknown: "List what there is with GET /channels and GET /channel-groups."
        case .objectUndefined, .attributeUndefined: "List what the meter has with GET /meters/{id}/objects."
        case .profileUnknown: "List the profiles with GET /meters/{id}/profiles."
        case .ambiguousObject: "Add ?class= with one of the classes."
        case .etagMismatch:
            "Read the record again and repeat the change with its ETag, or leave If-None-Match out to replace it."
        case .preconditionRequired:
            "Send If-None-Match: * to create, or If-Match with the ETag of the record to replace."
        case .typeRequired: "Send the typed form, such as {\"type\":\"long-unsigned\",\"value\":1}."
        case .idempotencyKeyReused: "Take a new key for a new request."
        case .inUse: "Change or remove those first."
        case .alreadyExists: "Take another name, or change the one there is with PUT or PATCH, where that exists."
        case .associationRejected:
            "Check clientAddress, mechanism and secret of the association, and address and referencing of the meter."
        case .authenticationFailedAtMeter(_, _, "authentication-required"):
            "Give the association a mechanism and its secret under authentication."
        case .authenticationFailedAtMeter: "Check the secret or the keys of the association."
        case .decipheringFailed:
            "Check blockCipherKey, authenticationKey, suite and both system titles of the association."
        case .invocationCounterRejected(let meter, let problem): problem.hint(meter)
        case .ordersOnly: "Use POST /meters/{id}/disconnector/orders."
        case .ordersHeld: "See who holds them, and why, with GET /system/orders-hold."
        case .orderExpired: "Decide again, and make a new order with a new Idempotency-Key and a later expiresAt."
        case .orderUnconfirmed: "Make a new order, and confirm it within five minutes with POST /jobs/{id}/confirm."
        case .confirmationMismatch: "Read the order with GET /jobs/{id}; it tells the token and the number of meters."
        case .confirmationUnavailable: "Have the operator choose orders.confirmation none or self, or authentication."
        case .orderNotCarriedOut: "Find out at the meter why, before you order again."
        case .unexpectedState: "Look with GET /meters/{id}/disconnector and decide again."
        case .protocolError: "Check that the port speaks DLMS/COSEM with the configured framing."
        case .verificationFailed: "Read the attribute; send \"verify\": false for one that changes by itself."
        case .meterNotConnected:
            "The request waits for the meter as long as the caller does; check the address that its modem connects to."
        case .connectionLost(_, .some):
            "Repeat it; where it happens each time, check framing and address, and whether another client has the meter."
        case .meterRefusedConnection: "Check channel.port; many meters take one connection at a time."
        case .meterUnreachable(_, let endpoint, _) where endpoint.hasPrefix("/"):
            "Check channel.device, that it is plugged in, and that the gateway may use it."
        case .meterUnreachable: "Check channel.host, channel.port, and power and network of the meter."
        case .meterTimeout:
            "Check framing, address (with physicalDevice in HDLC) and clientAddress, for meters stay silent when these are wrong; or raise timeouts.response."
        case .outcomeUnknown: "Read the present state before you repeat anything."
        case .lineBusy, .queueFull, .waitExceeded: "Repeat later, wait longer with Prefer: wait=60, or use a job."
        case .clockAmbiguous: "Repeat when the meter's local time is unambiguous, or correct its configured time zone."
        case .captureBoundary(_, _, .some):
            "Repeat it then, or say acrossBoundary if a row less or a row twice does no harm."
        case .captureBoundary: "Say acrossBoundary if rows left out or captured twice do no harm."
        case .meterLocked: "An operator gives it free with POST /channels/{id}/resume."
        case .heldElsewhere: "Repeat it; GET /nodes shows which gateways there are and what they have."
        case .circuitOpen: "Find out what is wrong with POST /meters/{id}/check, which is not held back."
        case .secretsPending: "Resolve it with POST /meters/{id}/secrets/resolve."
        case .imageRejected: "Check that the image is made for this model."
        case .notCached: "Leave only-if-cached out to have the meter read."
        case .notATextMeter:
            "Read its objects with GET /meters/{id}/objects; only a meter with the framing iec62056-21 has readouts."
        case .readoutUnreadable:
            "A readout is text: an identification line such as /ISk5MT174, data sets such as 1.8.0(000123.45*kWh), and !."
        case .readoutOfAnotherMeter:
            "Check address.device of the meter, or send ?number=ignored if the number is known to differ."
        case .badRecurrence(_, _, let hint): hint
        case .jobNotFinished: "Wait with Prefer: wait=20 on the job."
        case .malformedJSON, .invalidMember, .unknownParameter, .badParameter, .notFound, .associationUnknown,
            .objectUnavailable, .noDisconnector, .jobUnknown, .jobPurged, .wrongState, .outsideOrderWindow,
            .confirmationRefused,
            .notAllowedByControlMode, .adjustmentTooLarge, .idempotencyInFlight, .expectationFailed, .typeMismatch,
            .valueOutOfRange, .rangeNotSupported, .objectClassInconsistent,
            .rateLimited, .orderLimit, .internal, .meterHardwareFault, .meterRefused, .exceptionResponse,
            .meterTemporaryFailure, .meterBusy, .draining, .storeUnavailable, .connectionLost,
            .notSupported:
            nil
        }
    }
}
