// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Recognises the answers that refuse whatever was asked, whichever service it was.
enum ServerRefusal {
    /// The error in an exception-response or confirmedServiceError; nil for any other APDU.
    ///
    /// Observed: servers that leave out the tag, so that two or three octets of error codes come alone. No other APDU
    /// is that short.
    static func error(in apdu: [UInt8], awaiting awaited: Awaited) -> EngineError? {
        do throws(DecodeError) {
            switch apdu.first {
            case 0xD8:
                let exception = try exception(apdu)
                if exception.serviceError == .invocationCounterError, let expected = exception.invocationCounter {
                    return .invocationCounterError(expected: expected)
                }
                return .exceptionResponse(exception)
            case 0x0E:
                var reader = OctetReader(apdu)
                return .confirmedServiceError(try ConfirmedServiceError(decoding: &reader))
            case 1, 2:
                if apdu.count == 2 { return .exceptionResponse(try exception([0xD8] + apdu)) }
                if apdu.count == 3, apdu[0] == 1 { return .confirmedServiceError(try serviceError(apdu)) }
            case 5, 6:
                if apdu.count == 3 { return .confirmedServiceError(try serviceError(apdu)) }
            default: break
            }
            return nil
        } catch {
            return .malformed(error, waitingFor: awaited)
        }
    }

    private static func exception(_ octets: [UInt8]) throws(DecodeError) -> ExceptionResponse {
        var reader = OctetReader(octets)
        return try ExceptionResponse(decoding: &reader)
    }

    private static func serviceError(_ codes: [UInt8]) throws(DecodeError) -> ConfirmedServiceError {
        var reader = OctetReader([0x0E] + codes)
        return try ConfirmedServiceError(decoding: &reader)
    }
}
