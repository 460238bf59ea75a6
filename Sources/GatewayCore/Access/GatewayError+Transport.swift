// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Fleet
import MeterTransport
import Timekeeping

/// Everything about an exchange that an error of it has to tell.
struct ExchangeContext: Sendable {
    let meter: MeterID
    let association: String
    let channel: String
    let endpoint: String
    let timeouts: MeterTimeouts
    let service: ServiceRequest.Service
    /// The time, to tell until when the meter is left alone.
    var present = PresentTime()
}

extension GatewayError {
    /// What callers come to know of a failure on the way to a meter.
    init(_ error: TransportError, _ context: ExchangeContext) {
        let meter = context.meter
        // Only what changes the meter has an outcome to be unsure of; a read can be repeated.
        if context.service != .get, error.leavesOutcomeOpen {
            self = .outcomeUnknown(meter, operation: context.service.rawValue)
            return
        }
        switch error.reason {
        case .nameNotResolved(let host):
            self = .meterUnreachable(meter, endpoint: context.endpoint, reason: "the name \(host) has no address")
        case .refused: self = .meterRefusedConnection(meter, endpoint: context.endpoint)
        case .connectTimeout:
            self = .meterUnreachable(
                meter,
                endpoint: context.endpoint,
                reason: "no connection within \(context.timeouts.connect.iso8601)"
            )
        case .unreachable(let code):
            self = .meterUnreachable(
                meter,
                endpoint: context.endpoint,
                reason: "the network has no way there (error \(code))"
            )
        case .portNotOpened(let device, let fault):
            self = .meterUnreachable(meter, endpoint: device, reason: fault.inWords)
        case .tlsRefused(let fault):
            self = .meterUnreachable(meter, endpoint: context.endpoint, reason: fault.inWords)
        case .converterRefused(let fault):
            self = .meterUnreachable(meter, endpoint: context.endpoint, reason: fault.inWords)
        case .modem(.carrierLost): self = .connectionLost(meter, waitingFor: nil)
        case .modem(let fault):
            self = .meterUnreachable(meter, endpoint: context.endpoint, reason: fault.inWords)
        case .notDialledIn: self = .meterNotConnected(meter, identity: context.endpoint, lastSeen: nil)
        case .notBound(let code): self = .internal(reason: "an address could not be bound: error \(code)")
        case .answerTimeout(let awaited):
            self = .meterTimeout(meter, waitingFor: awaited.inWords, after: context.timeouts.response)
        case .closedByPeer(let awaited): self = .connectionLost(meter, waitingFor: awaited?.inWords)
        case .engine(let error): self.init(error, context)
        case .cancelled: self = .waitExceeded(meter, waited: .zero)
        }
    }

    private init(_ error: EngineError, _ context: ExchangeContext) {
        let meter = context.meter
        switch error {
        case .associationRejected(let result, let diagnostic, let initiateError):
            let words = initiateError.map { "\(diagnostic.name), \($0.errorName)" } ?? diagnostic.name
            self =
                diagnostic.isAboutAuthentication
                ? .authenticationFailedAtMeter(meter, association: context.association, reason: words)
                : .associationRejected(
                    meter,
                    association: context.association,
                    result: result.name,
                    diagnostic: words
                )
        case .shortNamesOnly:
            self = .associationRejected(
                meter,
                association: context.association,
                result: "rejected-permanent",
                diagnostic: "the meter speaks short names only"
            )
        case .authenticationFailed:
            self = .authenticationFailedAtMeter(
                meter,
                association: context.association,
                reason: "the meter's own proof is wrong"
            )
        case .authenticationRefused(let result):
            self = .authenticationFailedAtMeter(meter, association: context.association, reason: result.name)
        case .serverSystemTitleUnknown:
            self = .decipheringFailed(
                meter,
                reason: "the meter did not tell its system title; the quirk serverSystemTitle does"
            )
        case .serverProtectionTooWeak:
            self = .protocolError(meter, reason: "it answered with less protection than the request had")
        case .decipheringFailed(let fault): self = .decipheringFailed(meter, reason: "the meter's answer: \(fault)")
        case .protectionFailed(let fault): self = .internal(reason: "a request could not be protected: \(fault)")
        case .replayed(let received, let lastSeen):
            self = .invocationCounterRejected(meter, .replayed(received: received, lastSeen: lastSeen))
        case .countersRefused(let refusal):
            self = GatewayError(refusal, meter)
        case .invocationCounterError(let expected):
            self = .invocationCounterRejected(
                meter,
                .refused(association: context.association, expected: UInt64(expected))
            )
        case .randomnessUnavailable: self = .internal(reason: "the system has no randomness")
        case .exceptionResponse(let exception) where exception.serviceError == .decipheringError:
            self = .decipheringFailed(meter, reason: "the meter could not open what it was sent")
        case .confirmedServiceError(let error) where error.isDecipheringError:
            self = .decipheringFailed(meter, reason: "the meter could not open what it was sent")
        case .exceptionResponse(let exception):
            self = .exceptionResponse(
                meter,
                state: exception.stateError.name,
                service: exception.serviceError.name
            )
        case .confirmedServiceError(let error):
            self = .exceptionResponse(meter, state: error.errorClassName, service: error.errorName)
        case .linkFailed(let fault, let awaited): self.init(fault, awaited, context)
        case .timeout(let awaited):
            self = .meterTimeout(meter, waitingFor: awaited.inWords, after: context.timeouts.response)
        case .connectionClosed(let awaited): self = .connectionLost(meter, waitingFor: awaited?.inWords)
        case .malformed(let fault, let awaited):
            self = .protocolError(meter, reason: "its \(awaited.inWords) cannot be decoded: \(fault)")
        case .unexpectedAPDU(let tag, let awaited):
            self = .protocolError(meter, reason: "it sent an APDU with tag \(tag) in place of its \(awaited.inWords)")
        case .blockTransfer(.number(let expected, let received)):
            self = .protocolError(meter, reason: "block \(received) came in place of block \(expected)")
        case .blockTransfer(.aborted(let result)):
            self = .protocolError(meter, reason: "it gave up a block transfer: \(result.name)")
        case .blockTransfer(.notAcknowledged):
            self = .protocolError(meter, reason: "it did not acknowledge a block")
        case .blockTransfer(.unreadable):
            self = .protocolError(meter, reason: "it sent a general block that cannot be decoded")
        case .blockTransfer(.noProgress(let turns)):
            self = .protocolError(meter, reason: "it sent nothing new in \(turns) blocks")
        case .responseTooLong(let limit):
            self = .protocolError(meter, reason: "its answer is longer than \(limit) octets")
        case .requestTooLong(let octets, let limit):
            self = .valueOutOfRange(
                pointer: "/value",
                allowed: "shorter: \(octets) octets, and the meter takes \(limit) without blocks"
            )
        case .serviceNotAgreed(let service):
            self = .notSupported(what: "the service \(service.rawValue) in this association of the meter")
        case .methodsUnnamed(let classID, let version):
            self = .notSupported(what: "methods of class \(classID) version \(version) by short names")
        case .text(let fault): self.init(fault, context)
        case .notReady: self = .internal(reason: "a request was made without an association")
        case .cancelled: self = .waitExceeded(meter, waited: .zero)
        }
    }
}

extension Awaited {
    /// Whether what is awaited tells the outcome of a write or a method.
    var isOutcome: Bool {
        switch self {
        case .setResponse, .setBlockAcknowledgement, .actionResponse, .actionBlockAcknowledgement, .actionBlock,
            .accessResponse:
            true
        case .linkResponse, .associationResponse, .authenticationResponse, .getResponse, .getBlock,
            .releaseResponse, .identification, .hdlcConfirmation, .telegram, .readout, .programmingMode,
            .passwordAnswer:
            false
        }
    }

    /// What is awaited, for people.
    var inWords: String {
        switch self {
        case .linkResponse: "answer to the request for an HDLC link (SNRM)"
        case .associationResponse: "answer to the association request"
        case .authenticationResponse: "answer to the authentication"
        case .getResponse: "answer to the read request"
        case .getBlock: "next block of the answer"
        case .setResponse: "answer to the write request"
        case .setBlockAcknowledgement: "acknowledgement of a block"
        case .actionResponse: "answer to the method"
        case .actionBlockAcknowledgement: "acknowledgement of a block"
        case .actionBlock: "next block of the answer"
        case .accessResponse: "answer to the access request"
        case .releaseResponse: "answer to the release"
        case .identification: "identification"
        case .hdlcConfirmation: "confirmation of the change to HDLC"
        case .telegram: "telegram"
        case .readout: "readout"
        case .programmingMode: "answer to the request for the programming mode"
        case .passwordAnswer: "answer to the password"
        }
    }
}

extension ConfirmedServiceError {
    /// Whether the meter could not open what it was sent (class application-reference).
    var isDecipheringError: Bool { errorClass == 0 && error == 6 }
}

extension AssociationDiagnostic {
    /// Whether the meter did not accept the way or the proof of authentication.
    var isAboutAuthentication: Bool {
        switch self {
        case .authenticationMechanismNameNotRecognised, .authenticationMechanismNameRequired,
            .authenticationFailure, .authenticationRequired:
            true
        default: false
        }
    }
}
