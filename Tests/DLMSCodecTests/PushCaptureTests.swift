// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Foundation
import Testing

/// Notifications of real meters, as they came over the line.
@Suite struct PushCaptureTests {
    private struct Capture: Decodable {
        struct Parameters: Decodable {
            var frames: Int?
            var apdu: String?
            var plaintext: String?
        }
        var name: String
        var hex: String
        var params: Parameters?
    }

    private func captures() throws -> [Capture] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Vectors/push-capture.json")
        return try JSONDecoder().decode([Capture].self, from: Data(contentsOf: file))
    }

    private func octets(_ hex: String) throws -> [UInt8] {
        try #require(Hexadecimal.octets(of: hex))
    }

    @Test func framesBecomeTheAPDU() throws {
        let framed = try captures().filter { $0.params?.frames != nil }
        #expect(framed.count == 3)
        for capture in framed {
            var reassembler = HDLCReassembler()
            var information = HDLCInformationReassembler()
            reassembler.push(try octets(capture.hex))
            var frames: [HDLCFrame] = []
            var apdu: [UInt8] = []
            while let item = reassembler.next() {
                guard case .frame(let frame) = item else {
                    Issue.record("\(capture.name): \(item)")
                    return
                }
                frames.append(frame)
                guard let message = try information.push(frame) else { continue }
                guard case .generalBlockTransfer(let block) = try APDU(octets: message.apdu) else {
                    apdu = message.apdu
                    continue
                }
                apdu += block.blockData
            }
            #expect(frames.count == capture.params?.frames, "\(capture.name)")
            #expect(Hexadecimal.text(of: apdu) == capture.params?.apdu, "\(capture.name)")
            #expect(try APDU(octets: apdu).octets == apdu)
            #expect(Hexadecimal.text(of: frames.flatMap(\.octets)) == capture.hex, "\(capture.name)")
        }
    }

    @Test func notificationsEncodeBack() throws {
        for capture in try captures() {
            let plain = capture.params?.plaintext ?? (capture.params == nil ? capture.hex : nil)
            guard let plain else { continue }
            let octets = try octets(plain)
            let notification = try DataNotification(octets: octets)
            #expect(notification.deviations.isEmpty)
            #expect(notification.octets == octets, "\(capture.name)")
        }
    }

    @Test func aBufferWithNullTimesEncodesBack() throws {
        let vector = try #require(Vector.load("profile").first)
        let value = try DLMSData(octets: vector.octets)
        #expect(value.octets == (try vector.octets))
        guard case .array(let rows) = value, case .structure(let last) = rows.last else {
            Issue.record("\(value)")
            return
        }
        #expect(rows.count == 4)
        #expect(last.first == .nullData)
    }
}
