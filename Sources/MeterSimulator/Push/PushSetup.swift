// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import MeterTransport

/// What the attributes of a push set-up (class 40, version 0) say about where and when it pushes.
struct PushSetup {
    /// Windows beyond so many are left aside; each may cost a look at every minute of a month.
    private static let mostWindows = 16

    /// Where it pushes to over TCP; nil when nobody has written a destination `HOST:PORT`.
    let endpoint: TCPEndpoint?
    /// When it may push; always when there are none.
    let windows: [PushWindow]
    /// The seconds within which a push begins by chance, so that meters do not push all at once.
    let spread: Int
    /// What it does when the destination cannot be reached.
    let persistence: MeterNetwork.PushPersistence

    /// Takes what was written; what was not has the value of a new meter.
    init(_ name: OBISCode, _ state: MeterState) {
        func written(_ index: Int8) -> DLMSData? {
            state.written[AttributeDescriptor(classID: 40, instanceID: name, attributeID: index)]
        }
        endpoint = written(3).flatMap(Self.endpoint)
        windows =
            if case .array(let items)? = written(4) {
                items.prefix(Self.mostWindows).compactMap { PushWindow($0) }
            } else { [] }
        spread = if case .longUnsigned(let seconds)? = written(5) { Int(seconds) } else { 0 }
        let retries = if case .unsigned(let count)? = written(6) { Int(count) } else { Int(PushObjects.retries) }
        let pause = if case .longUnsigned(let seconds)? = written(7) { Int(seconds) } else { Int(PushObjects.pause) }
        persistence = .init(retries: retries, pause: .seconds(pause))
    }

    /// Seconds until it may push; nil when no window opens within a month.
    func wait(at time: Int64, offset: Int64) -> Int64? {
        guard !windows.isEmpty else { return 0 }
        return windows.compactMap { $0.wait(at: time, offset: offset) }.min()
    }

    /// Transport 0 is TCP, message 0 an A-XDR encoded APDU; others are left aside.
    private static func endpoint(_ data: DLMSData) -> TCPEndpoint? {
        guard case .structure(let parts) = data, parts.count == 3, parts[0] == .enumeration(0),
            case .octetString(let octets) = parts[1], parts[2] == .enumeration(0)
        else { return nil }
        let text = String(decoding: octets, as: UTF8.self)
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : TCPEndpoint(host: String(host), port: Int(port))
    }
}
