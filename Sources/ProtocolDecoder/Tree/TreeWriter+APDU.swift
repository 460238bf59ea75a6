// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    mutating func write(_ apdu: APDU) {
        object { tree in
            switch apdu {
            case .aarq(let apdu): tree.members(of: apdu)
            case .aare(let apdu): tree.members(of: apdu)
            case .rlrq(let apdu): tree.members(of: apdu)
            case .rlre(let apdu): tree.members(of: apdu)
            case .initiateRequest(let apdu): tree.members(of: apdu)
            case .initiateResponse(let apdu): tree.members(of: apdu)
            case .getRequest(let apdu): tree.members(of: apdu)
            case .getResponse(let apdu): tree.members(of: apdu)
            case .setRequest(let apdu): tree.members(of: apdu)
            case .setResponse(let apdu): tree.members(of: apdu)
            case .actionRequest(let apdu): tree.members(of: apdu)
            case .actionResponse(let apdu): tree.members(of: apdu)
            case .eventNotification(let apdu): tree.members(of: apdu)
            case .readRequest(let apdu): tree.members(of: apdu)
            case .readResponse(let apdu): tree.members(of: apdu)
            case .writeRequest(let apdu): tree.members(of: apdu)
            case .writeResponse(let apdu): tree.members(of: apdu)
            case .informationReport(let apdu): tree.members(of: apdu)
            case .confirmedServiceError(let apdu): tree.members(of: apdu)
            case .exceptionResponse(let apdu): tree.members(of: apdu)
            case .dataNotification(let apdu): tree.members(of: apdu)
            case .dataNotificationConfirm(let apdu): tree.members(of: apdu)
            case .accessRequest(let apdu): tree.members(of: apdu)
            case .accessResponse(let apdu): tree.members(of: apdu)
            case .generalBlockTransfer(let apdu): tree.members(of: apdu)
            case .ciphered(let apdu): tree.members(of: apdu)
            case .generalKeyCiphering(let apdu): tree.members(of: apdu)
            case .generalCiphering(let apdu): tree.members(of: apdu)
            case .generalSigning(let apdu): tree.members(of: apdu)
            case .gateway(let apdu): tree.members(of: apdu)
            }
        }
    }

    /// Writes the member that names the APDU.
    mutating func apdu(_ name: String) {
        json.member("apdu", name)
    }
}
