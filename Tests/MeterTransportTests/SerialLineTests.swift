// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Foundation
import NIOCore
import Testing

@testable import MeterTransport

@Suite("Serial lines")
struct SerialLineTests {
    let network = MeterNetwork()

    private func serial(_ path: String, _ baud: UInt32 = 9600) -> MeterMedium {
        .serial(SerialSettings(device: path, format: LineFormat(baud: baud)))
    }

    private func path(_ listener: MeterListener) throws -> String {
        try #require(listener.path)
    }

    @Test("A meter at a serial port is read, with wrapper frames and with HDLC", arguments: [false, true])
    func read(isHDLC: Bool) async throws {
        var options = MeterListener.Options()
        if isHDLC { options.framing = .hdlc(HDLCServerSettings()) }
        let listener = try await MeterListener.bind(
            .pseudoterminal(link: nil),
            .init(OneValueMeter(), options),
            network: network
        )
        let line = try await MeterLine.open(
            serial(try path(listener)),
            timeout: .seconds(5),
            network: network
        )
        for _ in 0..<3 {
            let (connection, _) = try await MeterConnection.open(
                on: line,
                settings: isHDLC ? .hdlc(at: nil) : .public,
                keepsLine: true
            )
            let answer = try await connection.perform(.get([.energy]))
            #expect(answer.response == .get([.data(OneValueMeter.value)]))
            await connection.release(keepingLine: true)
        }
        #expect(listener.counters.served[.get] == 3)
        await line.close()
        await listener.close()
        await network.shutdown()
    }

    @Test("Of several meters on one line only the one that is called answers")
    func shared() async throws {
        let meters = (0..<4).map { number in
            var options = MeterListener.Options()
            options.framing = .hdlc(HDLCServerSettings(physicalDevice: 17 + UInt16(number)))
            return MeterListener.Meter(OneValueMeter([0x11, UInt8(number)]), options)
        }
        let listeners = try await MeterListener.bind(.pseudoterminal(link: nil), meters: meters, network: network)
        // One that does not answer costs the others nothing.
        listeners[1].setAnswering(.silent)
        let line = try await MeterLine.open(serial(try path(listeners[0])), timeout: .seconds(5), network: network)
        for number in [0, 1, 2, 3, 0] {
            let settings = AssociationSettings.hdlc(at: 17 + UInt16(number))
            if number == 1 {
                await #expect(throws: TransportError.self) {
                    _ = try await MeterConnection.open(on: line, settings: settings, keepsLine: true)
                }
                continue
            }
            let (connection, _) = try await MeterConnection.open(on: line, settings: settings, keepsLine: true)
            let answer = try await connection.perform(.get([.energy]))
            #expect(answer.response == .get([.data([0x11, UInt8(number)])]))
            await connection.release(keepingLine: true)
        }
        #expect(listeners.map { $0.counters.served[.get] } == [2, nil, 1, 1])
        #expect(line.isOpen)
        await line.close()
        await listeners[0].close()
        await network.shutdown()
    }

    @Test("A meter at another speed hears nothing that makes sense, and answers nothing")
    func speeds() async throws {
        var options = MeterListener.Options()
        options.framing = .hdlc(HDLCServerSettings())
        options.lineFormat = LineFormat(baud: 300)
        let listener = try await MeterListener.bind(
            .pseudoterminal(link: nil),
            .init(OneValueMeter(), options),
            network: network
        )
        let fast = try await MeterLine.open(serial(try path(listener)), timeout: .seconds(5), network: network)
        await #expect(throws: TransportError.self) {
            _ = try await MeterConnection.open(on: fast, settings: .hdlc(at: nil))
        }
        #expect(listener.counters.served.isEmpty)
        await fast.close()
        let slow = try await opened(serial(try path(listener), 300))
        let (connection, _) = try await MeterConnection.open(on: slow, settings: .hdlc(at: nil))
        _ = try await connection.perform(.get([.energy]))
        await connection.release()
        await listener.close()
        await network.shutdown()
    }

    /// Opens a port as soon as whoever closed it last has given it back.
    private func opened(_ medium: MeterMedium) async throws -> MeterLine {
        while true {
            do throws(TransportError) {
                return try await MeterLine.open(medium, timeout: .seconds(5), network: network)
            } catch {
                guard case .portNotOpened(_, .inUse) = error.reason else { throw error }
                await Task.yield()
            }
        }
    }

    @Test("The format changes between what is sent before and after, and is the old one for the next user")
    func formatChange() async throws {
        let terminal = try Pseudoterminal.open(link: nil)
        let tap = LineRecorder()
        let line = try await MeterLine.open(
            serial(terminal.path, 300),
            timeout: .seconds(5),
            network: network,
            tap: tap
        )
        #expect(terminal.baud == 300)
        let user = IdleUser()
        let loop = line.channel.eventLoop
        let bound = try await loop.submit { NIOLoopBound(user, eventLoop: loop) }.get()
        try await loop.submit {
            let handler = line.handler.value
            handler.attach(bound.value) { _ in }
            handler.send([1, 2, 3])
            handler.setFormat(LineFormat(baud: 9600))
            handler.send([4])
        }.get()
        try await until { tap.events.contains(.sent([4])) }
        #expect(terminal.baud == 9600)
        #expect(tap.events == [.opened, .sent([1, 2, 3]), .formatChanged(LineFormat(baud: 9600)), .sent([4])])
        try await loop.submit { line.handler.value.detach(bound.value, isSettled: true) }.get()
        try await until { tap.events.last == .formatChanged(LineFormat(baud: 300)) }
        #expect(terminal.baud == 300)
        await line.close()
        terminal.close()
        await network.shutdown()
    }

    @Test("A port whose other side hangs up is closed, and can be opened again")
    func hangUp() async throws {
        let terminal = try Pseudoterminal.open(link: nil)
        let line = try await MeterLine.open(serial(terminal.path), timeout: .seconds(5), network: network)
        let opening = Task { try await MeterConnection.open(on: line, settings: .hdlc(at: nil)) }
        try await until { line.counters.octetsSent > 0 }
        terminal.close()
        await #expect(throws: TransportError.self) { _ = try await opening.value }
        #expect(!line.isOpen)
        await #expect(throws: TransportError(.portNotOpened(device: terminal.path, .notFound))) {
            _ = try await MeterLine.open(serial(terminal.path), timeout: .seconds(5), network: network)
        }
        await network.shutdown()
    }

    @Test("A port that cannot be used says why")
    func faults() async throws {
        let terminal = try Pseudoterminal.open(link: nil)
        let odd = LineFormat(baud: 12_345)
        let cases: [(SerialSettings, PortFault)] = [
            (SerialSettings(device: "/dev/no-such-port", format: LineFormat(baud: 9600)), .notFound),
            (SerialSettings(device: "/dev/null", format: LineFormat(baud: 9600)), .notASerialPort),
            (SerialSettings(device: terminal.path, format: odd), .formatRefused(odd)),
        ]
        for (settings, fault) in cases {
            await #expect(throws: TransportError(.portNotOpened(device: settings.device, fault))) {
                _ = try await MeterLine.open(.serial(settings), timeout: .seconds(5), network: network)
            }
        }
        var switching = SerialSettings(device: terminal.path, format: LineFormat(baud: 9600))
        switching.usesRS485 = true
        await #expect(throws: TransportError(.portNotOpened(device: terminal.path, .rs485Refused))) {
            _ = try await MeterLine.open(.serial(switching), timeout: .seconds(5), network: network)
        }
        let line = try await MeterLine.open(serial(terminal.path), timeout: .seconds(5), network: network)
        await #expect(throws: TransportError(.portNotOpened(device: terminal.path, .inUse))) {
            _ = try await MeterLine.open(serial(terminal.path), timeout: .seconds(5), network: network)
        }
        await line.close()
        terminal.close()
        await network.shutdown()
    }

    @Test("No descriptor of a port is left behind")
    func descriptors() async throws {
        let listener = try await MeterListener.bind(
            .pseudoterminal(link: nil),
            .init(OneValueMeter()),
            network: network
        )
        let path = try path(listener)
        let before = descriptors(of: path)
        for _ in 0..<20 {
            let line = try await opened(serial(path))
            let (connection, _) = try await MeterConnection.open(on: line, settings: .public)
            await connection.release()
        }
        try await until { descriptors(of: path) == before }
        await listener.close()
        try await until { descriptors(of: path) == 0 }
        await network.shutdown()
    }

    @Test("A link leads to the line while it is there, and replaces one that leads nowhere")
    func link() async throws {
        let link = FileManager.default.temporaryDirectory.appendingPathComponent("line-\(UUID().uuidString)").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/dev/pts/none")
        let listener = try await MeterListener.bind(
            .pseudoterminal(link: link),
            .init(OneValueMeter()),
            network: network
        )
        #expect(listener.path == link)
        let (connection, _) = try await MeterConnection.open(
            to: serial(link),
            settings: .public,
            connectTimeout: .seconds(5),
            network: network
        )
        _ = try await connection.perform(.get([.energy]))
        await connection.release()
        await listener.close()
        try await until { (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) == nil }
        try Data().write(to: URL(fileURLWithPath: link))
        await #expect(throws: TransportError(.notBound(code: 17))) {
            _ = try await MeterListener.bind(.pseudoterminal(link: link), .init(OneValueMeter()), network: network)
        }
        try FileManager.default.removeItem(atPath: link)
        await network.shutdown()
    }

    private func descriptors(of path: String) -> Int {
        let own = "/proc/self/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: own)) ?? []
        return names.count { (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(own)/\($0)")) == path }
    }
}

/// Waits until something has happened that nobody tells of.
func until(_ condition: () throws -> Bool) async throws {
    while try !condition() { try await Task.sleep(for: .milliseconds(1)) }
}

/// Has a line and does nothing with it.
final class IdleUser: LineUser, Sendable {
    func received(_ octets: [UInt8]) {}
    func lineEnded(_ reason: TransportError.Reason?) {}
}

extension AssociationSettings {
    /// HDLC to a meter at a lower address (nil = without one), with little patience.
    static func hdlc(at physicalDevice: UInt16?) -> AssociationSettings {
        let lower = physicalDevice ?? 0
        let address = HDLCAddress(width: physicalDevice == nil ? .one : .four, upper: 1, lower: lower)
        let server = address ?? HDLCAddress(client: 1)
        let link = HDLCLinkSettings(client: 16, server: server, frameTimeout: .milliseconds(300), retries: 0)
        return AssociationSettings(link: .hdlc(link), responseTimeout: .seconds(2))
    }
}
