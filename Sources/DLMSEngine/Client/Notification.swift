// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Recognises APDUs that a server sends on its own and that answer nothing.
enum Notification {
    /// Whether the APDU is an event-notification, data-notification or information-report.
    static func isNotification(_ apdu: [UInt8]) -> Bool {
        switch apdu.first {
        case 0xC2, 0x0F, 0x18: true
        default: false
        }
    }
}
