// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import DLMSSecurity

/// Why an association or an exchange failed as a whole.
///
/// A refusal of a single attribute or method is not an error but a result.
public enum EngineError: Error, Hashable, Sendable {
    /// The server does not want this association; it names a reason.
    case associationRejected(
        result: AssociationResult,
        diagnostic: AssociationDiagnostic,
        initiateError: ConfirmedServiceError?
    )
    /// The server speaks short names only although logical names were asked for: it answered with vaa-name FA00, or it
    /// refused logical names and did not answer to short names on the same connection.
    case shortNamesOnly
    /// The server did not prove in pass 4 of the authentication that it knows the secret: the server, or our secret.
    case authenticationFailed
    /// The server did not take our proof in pass 3 of the authentication: our secret.
    case authenticationRefused(ActionResult)
    /// The server's system title is needed, but neither the AARE nor the settings have it: configuration.
    case serverSystemTitleUnknown
    /// The server protected an answer less than the request was: the server, or somebody in between.
    case serverProtectionTooWeak(required: AppliedProtection, received: AppliedProtection)
    /// An answer could not be deciphered or its tag does not fit: a key, a title, or somebody in between.
    case decipheringFailed(ProtectionError)
    /// A request could not be protected with these keys: configuration.
    case protectionFailed(ProtectionError)
    /// The server's invocation counter was not above the one before: somebody repeats an old answer.
    case replayed(received: UInt32, lastSeen: UInt32)
    /// There are no invocation counters for a request, which was not sent.
    case countersRefused(CounterRefusal)
    /// The server did not take our invocation counter and told the lowest one that it takes.
    case invocationCounterError(expected: UInt32)
    /// The system has no random octets: us.
    case randomnessUnavailable
    /// The server answered with an exception-response.
    case exceptionResponse(ExceptionResponse)
    /// The server answered with a confirmedServiceError.
    case confirmedServiceError(ConfirmedServiceError)
    /// The server refused or ended the data link below the association: the server, or the addresses.
    case linkFailed(LinkFault, waitingFor: Awaited)
    /// Nothing came in time: the network or the server.
    case timeout(waitingFor: Awaited)
    /// The connection ended: the network or the server.
    case connectionClosed(waitingFor: Awaited?)
    /// The server sent octets that cannot be decoded.
    case malformed(DecodeError, waitingFor: Awaited)
    /// The server sent an APDU that has no place here.
    case unexpectedAPDU(tag: UInt8, waitingFor: Awaited)
    /// The server broke the rules of block transfer.
    case blockTransfer(BlockFault)
    /// The response would be longer than accepted, in octets.
    case responseTooLong(limit: Int)
    /// The request does not fit into the server's PDU size and may not be sent in blocks: the caller.
    case requestTooLong(octets: Int, limit: Int)
    /// The server did not agree to the service: the caller, or the association.
    case serviceNotAgreed(ServiceRequest.Service)
    /// Nobody knows the short names of the methods of this class: configuration, which may tell where they begin.
    case methodsUnnamed(classID: UInt16, version: UInt8)
    /// The text protocol failed.
    case text(TextFault)
    /// A request was made while another was in progress or without an association: us.
    case notReady
    /// The caller gave up; the answer may still come and is dropped.
    case cancelled

    /// A fault in a block transfer.
    public enum BlockFault: Hashable, Sendable {
        /// A block with another number than the next one came.
        case number(expected: UInt32, received: UInt32)
        /// The server gave up and named a reason.
        case aborted(DataAccessResult)
        /// Something other than an acknowledgement answered a block.
        case notAcknowledged
        /// A general block that cannot be decoded came.
        case unreadable
        /// Nothing new came in so many blocks or turns, so that the transfer would go on for ever.
        case noProgress(turns: Int)
    }

    /// A fault of the data link (IEC 62056-46).
    public enum LinkFault: Hashable, Sendable {
        /// The server does not set up a link, neither with parameters nor without (DM or FRMR to SNRM).
        case refused
        /// The server has no link any more (DM), as after its inactivity time-out.
        case disconnected
        /// The server refused a frame (FRMR), and says why if it can be read.
        case frameRejected(HDLCFrameReject?)
        /// The server had nothing ready (RNR, or RR without an answer), however often it was asked.
        case notReady
        /// The frames of one message do not end.
        case tooLong
    }

    /// Whether the connection cannot be used after this error, because an answer may still be on its way or the
    /// server has no association.
    public var endsConnection: Bool {
        switch self {
        case .requestTooLong, .notReady, .cancelled, .serviceNotAgreed, .methodsUnnamed: false
        case .exceptionResponse(let exception):
            exception.stateError == .serviceNotAllowed && exception.serviceError != .pduTooLong
        case .text(.noProgrammingMode), .text(.onlyListening): false
        case .associationRejected, .shortNamesOnly, .confirmedServiceError, .linkFailed, .text, .timeout,
            .connectionClosed, .malformed,
            .unexpectedAPDU, .blockTransfer, .responseTooLong, .authenticationFailed, .authenticationRefused,
            .serverSystemTitleUnknown, .serverProtectionTooWeak, .decipheringFailed, .protectionFailed, .replayed,
            .countersRefused, .invocationCounterError, .randomnessUnavailable:
            true
        }
    }
}

extension EngineError {
    /// Whether it arose before the request was sent, so that it says nothing about the server.
    public var precedesRequest: Bool {
        switch self {
        case .countersRefused, .randomnessUnavailable, .protectionFailed, .requestTooLong, .serviceNotAgreed,
            .methodsUnnamed, .notReady:
            true
        default: false
        }
    }

    /// Whether the server says that the request was too long for it, so that it was not carried out.
    var saysTooLong: Bool {
        switch self {
        case .exceptionResponse(let exception): exception.serviceError == .pduTooLong
        // Class 3 (service), value 1 (pdu-size).
        case .confirmedServiceError(let error): error.errorClass == 3 && error.error == 1
        default: false
        }
    }

    /// Whether the server says that it does not know what was asked, so that it was certainly not carried out.
    var saysNotSupported: Bool {
        switch self {
        case .exceptionResponse(let exception):
            exception.serviceError == .serviceNotSupported
                || (exception.stateError == .serviceUnknown && exception.serviceError == .otherReason)
        // Class 3 (service), value 2 (service-unsupported).
        case .confirmedServiceError(let error): error.errorClass == 3 && error.error == 2
        default: false
        }
    }
}

/// What a client was waiting for.
public enum Awaited: String, Hashable, Sendable {
    /// The answer to the request for a data link.
    case linkResponse
    /// The answer to the request for an association.
    case associationResponse
    /// The server's proof in the authentication.
    case authenticationResponse
    /// The answer to a GET.
    case getResponse
    /// The next block of a long GET.
    case getBlock
    /// The answer to a SET.
    case setResponse
    /// The acknowledgement of a block of a long SET.
    case setBlockAcknowledgement
    /// The answer to an ACTION.
    case actionResponse
    /// The acknowledgement of a block of a long ACTION.
    case actionBlockAcknowledgement
    /// The next block of a long answer to an ACTION.
    case actionBlock
    /// The answer to an ACCESS.
    case accessResponse
    /// The answer to a release.
    case releaseResponse
    /// The identification of a meter of IEC 62056-21.
    case identification
    /// The confirmation of the change to HDLC.
    case hdlcConfirmation
    /// What a meter sends by itself.
    case telegram
    /// The data of a readout.
    case readout
    /// The beginning of the programming mode.
    case programmingMode
    /// The answer to a password.
    case passwordAnswer
}

extension DecodeError {
    /// What was protected is nothing at all.
    static let emptyProtection = DecodeError(.truncated(needed: 1, remaining: 0), at: 0, what: "protected APDU")
}
