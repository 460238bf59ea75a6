// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@testable import MeterTransport

@Suite("Text on serial lines")
struct TextLineTests {
    let network = MeterNetwork()

    /// Settings whose waits are as short as the meter's.
    private func signOn() -> TextSignOnSettings {
        var settings = TextSignOnSettings()
        settings.speedChangeDelay = .zero
        return settings
    }

    @Test("A text meter is read at the speed that it offers, and again after it went back", arguments: ["5", "6", "0"])
    func readout(speed: String) async throws {
        var options = MeterListener.Options()
        options.framing = .text(try settings("/ABC\(speed)meter"))
        let listener = try await MeterListener.bind(
            .pseudoterminal(link: nil),
            .init(TextOnlyMeter(), options),
            network: network
        )
        let line = try await MeterLine.open(
            .serial(SerialSettings(device: try #require(listener.path), format: LineFormat())),
            timeout: .seconds(5),
            network: network
        )
        let association = AssociationSettings(link: .text(TextLinkSettings(signOn())))
        let (connection, _) = try await MeterConnection.open(on: line, settings: association, keepsLine: true)
        for _ in 0..<2 {
            let answer = try await connection.perform(.text(.readout(.standard)))
            guard case .text(.readout(let readout)) = answer.response else {
                Issue.record("no readout: \(answer.response)")
                return
            }
            #expect(readout.block == TextOnlyMeter.block)
        }
        await connection.release(keepingLine: true)
        await line.close()
        await listener.close()
        await network.shutdown()
    }

    @Test("HDLC goes on at the speed that the sign-on of mode E agreed to")
    func modeE() async throws {
        var options = MeterListener.Options()
        options.framing = .hdlcModeE(HDLCServerSettings(), try settings("/ABC5\\2meter"))
        let listener = try await MeterListener.bind(
            .pseudoterminal(link: nil),
            .init(TextOnlyMeter(), options),
            network: network
        )
        let line = try await MeterLine.open(
            .serial(SerialSettings(device: try #require(listener.path), format: LineFormat())),
            timeout: .seconds(5),
            network: network
        )
        var association = AssociationSettings.hdlc(at: nil)
        guard case .hdlc(var link) = association.link else { return }
        link.signOn = OpticalSignOn(signOn())
        association.link = .hdlc(link)
        for _ in 0..<2 {
            let (connection, _) = try await MeterConnection.open(on: line, settings: association, keepsLine: true)
            let answer = try await connection.perform(.get([.energy]))
            #expect(answer.response == .get([.data(OneValueMeter.value)]))
            await connection.release(keepingLine: true)
        }
        await line.close()
        await listener.close()
        await network.shutdown()
    }

    private func settings(_ identification: String) throws -> TextServerSettings {
        var settings = TextServerSettings(
            identification: try IdentificationMessage(octets: Array("\(identification)\r\n".utf8))
        )
        settings.reactionTime = .milliseconds(300)
        return settings
    }
}

/// A meter with one register, in text and as an object.
private struct TextOnlyMeter: ObjectServer, TextObjectServer {
    static var block: TextDataBlock {
        (try? TextDataBlock(octets: Array("1.8.0(000123.4*kWh)\r\n!\r\n".utf8)))
            ?? TextDataBlock(lines: [], isReadout: true)
    }

    private let objects = OneValueMeter()

    var texts: (any TextObjectServer)? { self }

    func readout(_ kind: TextReadoutKind) -> TextDataBlock? { Self.block }

    func passwordOperand() -> String { "" }

    func accepts(password: [UInt8], isEncrypted: Bool, operand: String) -> Bool { false }

    func perform(_ command: TextServerCommand, isAuthenticated: Bool) -> TextServerAnswer { .refused(code: "ER01") }

    func association(for client: ClientAddress) -> AssociationTerms? { objects.association(for: client) }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult { objects.get(request, for: client) }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        objects.set(request, to: value, for: client)
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        objects.invoke(method, parameter: parameter, for: client)
    }
}
