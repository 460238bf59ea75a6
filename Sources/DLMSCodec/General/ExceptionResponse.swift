// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A server cannot process an APDU at all (IEC 62056-5-3, exception-response, tag D8).
public struct ExceptionResponse: Hashable, Sendable {
    /// What the state of the association has to do with it.
    public struct StateError: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public var rawValue: UInt8

        /// Makes an error of its number; any number is accepted.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The service is not allowed in this state.
        public static let serviceNotAllowed = Self(rawValue: 1)
        /// The service is not known.
        public static let serviceUnknown = Self(rawValue: 2)

        /// The standard's name, or `unknown-` and the number.
        public var name: String {
            switch rawValue {
            case 1: "service-not-allowed"
            case 2: "service-unknown"
            default: "unknown-\(rawValue)"
            }
        }
    }

    /// What the service has to do with it.
    public struct ServiceError: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public var rawValue: UInt8

        /// Makes an error of its number; any number is accepted.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// It cannot be done.
        public static let operationNotPossible = Self(rawValue: 1)
        /// The service is not supported.
        public static let serviceNotSupported = Self(rawValue: 2)
        /// A reason without a number of its own.
        public static let otherReason = Self(rawValue: 3)
        /// The APDU is longer than accepted.
        public static let pduTooLong = Self(rawValue: 4)
        /// The APDU could not be deciphered.
        public static let decipheringError = Self(rawValue: 5)
        /// The invocation counter was not above the last one; the expected counter follows.
        public static let invocationCounterError = Self(rawValue: 6)

        /// The standard's name, or `unknown-` and the number.
        public var name: String {
            switch rawValue {
            case 1: "operation-not-possible"
            case 2: "service-not-supported"
            case 3: "other-reason"
            case 4: "pdu-too-long"
            case 5: "deciphering-error"
            case 6: "invocation-counter-error"
            default: "unknown-\(rawValue)"
            }
        }
    }

    /// What the state of the association has to do with it.
    public var stateError: StateError
    /// What the service has to do with it.
    public var serviceError: ServiceError
    /// The lowest counter the server would accept; present exactly with an invocation counter error.
    public var invocationCounter: UInt32?

    /// Makes a response without a counter.
    public init(stateError: StateError, serviceError: ServiceError) {
        self.stateError = stateError
        self.serviceError = serviceError
        invocationCounter = serviceError == .invocationCounterError ? 0 : nil
    }

    /// Makes a response to an invocation counter that is too low.
    public init(stateError: StateError = .serviceNotAllowed, expectedInvocationCounter counter: UInt32) {
        self.stateError = stateError
        serviceError = .invocationCounterError
        invocationCounter = counter
    }
}

extension ExceptionResponse: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.exceptionResponse, "exception-response")
        stateError = StateError(rawValue: try reader.readUInt8("state-error"))
        serviceError = ServiceError(rawValue: try reader.readUInt8("service-error"))
        invocationCounter =
            serviceError == .invocationCounterError ? try reader.readUInt32("invocation-counter") : nil
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.exceptionResponse)
        writer.write(stateError.rawValue)
        writer.write(serviceError.rawValue)
        if serviceError == .invocationCounterError { writer.write(invocationCounter ?? 0) }
    }
}
