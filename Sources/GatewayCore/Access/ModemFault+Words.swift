// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterTransport

extension ModemFault {
    /// Who failed, and what helps, for people.
    var inWords: String {
        switch self {
        case .notAnswering: "the modem does not answer to AT commands; it may be off, or have another speed"
        case .commandRefused(let command): "the modem does not take the command \(command)"
        case .noDialTone: "the modem has no dial tone, or no network"
        case .dialForbidden: "the modem has dialled the number too often and may not for now"
        case .busy(let attempts): "the number was busy, \(attempts == 1 ? "once" : "\(attempts) times")"
        case .noAnswer: "nobody answers at the number"
        case .noCarrier: "no modem answers at the number, or the two do not agree"
        case .noResult: "the modem did not tell in time what came of dialling"
        case .carrierLost: "the call was lost"
        }
    }
}
