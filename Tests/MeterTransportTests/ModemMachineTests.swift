// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import MeterTransport

@Suite("Modems with AT commands")
struct ModemMachineTests {
    static let settings = ModemSettings(dial: "ATDT0123", initialization: ["AT+CBST=71,0,1"])
    private let start = ContinuousClock.now

    private func line(_ text: String) -> [UInt8] { Array("\r\n\(text)\r\n".utf8) }
    private func sent(_ text: String) -> ModemAction { .send(Array(text.utf8)) }

    /// A machine that has dialled and waits for what comes of it.
    private func dialling(_ settings: ModemSettings = settings) -> ModemMachine {
        var machine = ModemMachine(settings)
        _ = machine.start(now: start)
        for _ in 0..<3 { _ = machine.received(line("OK"), now: start) }
        return machine
    }

    private func connected() -> ModemMachine {
        var machine = dialling()
        _ = machine.received(line("CONNECT 9600"), now: start)
        return machine
    }

    @Test("A modem is reset, prepared and made to dial")
    func dials() {
        var machine = ModemMachine(Self.settings)
        #expect(machine.start(now: start) == [sent("ATZ\r"), .deadline(start + .seconds(3))])
        // With its echo, in pieces.
        #expect(machine.received(Array("ATZ\r\r\nO".utf8), now: start).isEmpty)
        #expect(
            machine.received(Array("K\r\n".utf8), now: start)
                == [sent("ATE0Q0V1\r"), .deadline(start + .seconds(3))]
        )
        #expect(machine.received(line("OK"), now: start).first == sent("AT+CBST=71,0,1\r"))
        #expect(
            machine.received(line("OK"), now: start)
                == [sent("ATDT0123\r"), .deadline(start + .seconds(60))]
        )
        #expect(machine.received(line("RING") + line("+CREG: 1"), now: start).isEmpty)
        #expect(
            machine.received(line("CONNECT 9600/ARQ") + [0x7E, 0xA0], now: start)
                == [.deadline(nil), .connected(speed: 9600), .received([0x7E, 0xA0])]
        )
        #expect(machine.received([0x0A, 0x0D], now: start) == [.received([0x0A, 0x0D])])
    }

    @Test("A line feed that comes late still belongs to CONNECT")
    func lateLineFeed() {
        var machine = dialling()
        _ = machine.received(Array("\r\nCONNECT\r".utf8), now: start)
        #expect(machine.isConnected)
        #expect(machine.received([0x0A], now: start).isEmpty)
        #expect(machine.received([0x0A], now: start) == [.received([0x0A])])
    }

    @Test(
        "What keeps a call from coming about is told apart",
        arguments: [
            ("NO ANSWER", ModemFault.noAnswer), ("NO CARRIER", .noCarrier), ("NO DIALTONE", .noDialTone),
            ("NO DIAL TONE", .noDialTone), ("BLACKLISTED", .dialForbidden), ("ERROR", .commandRefused("ATDT0123")),
            ("+CME ERROR: 30", .commandRefused("ATDT0123")),
        ]
    )
    func faults(result: String, fault: ModemFault) {
        var machine = dialling()
        #expect(machine.received(line(result), now: start) == [.deadline(nil), .failed(fault)])
        #expect(machine.hasEnded)
    }

    @Test("A busy number is dialled again, so many times, with pauses")
    func busy() {
        var machine = dialling(ModemSettings(dial: "ATD1", busyRetries: 1))
        let pause = start + .seconds(10)
        #expect(machine.received(line("BUSY"), now: start) == [.deadline(pause)])
        #expect(machine.deadlineReached(now: pause) == [sent("ATD1\r"), .deadline(pause + .seconds(60))])
        #expect(machine.received(line("BUSY"), now: pause) == [.deadline(nil), .failed(.busy(attempts: 2))])
    }

    @Test("A command that the modem does not know is named")
    func refused() {
        var machine = ModemMachine(Self.settings)
        _ = machine.start(now: start)
        for _ in 0..<2 { _ = machine.received(line("OK"), now: start) }
        #expect(
            machine.received(line("ERROR"), now: start)
                == [.deadline(nil), .failed(.commandRefused("AT+CBST=71,0,1"))]
        )
    }

    @Test("A modem that does not answer may be in a call: it is told to hang up, once")
    func wakes() {
        var machine = ModemMachine(Self.settings)
        _ = machine.start(now: start)
        var now = start + .seconds(3)
        #expect(machine.deadlineReached(now: now) == [.deadline(now + .milliseconds(1100))])
        now += .milliseconds(1100)
        #expect(machine.deadlineReached(now: now).first == sent("+++"))
        #expect(machine.received(line("OK"), now: now).first == sent("ATH\r"))
        #expect(machine.received(line("NO CARRIER"), now: now).first == sent("ATZ\r"))
        #expect(machine.deadlineReached(now: now) == [.deadline(nil), .failed(.notAnswering)])
    }

    @Test("A modem that never says what came of dialling is stopped")
    func noResult() {
        var machine = dialling()
        #expect(machine.deadlineReached(now: start) == [sent("\r"), .deadline(nil), .failed(.noResult)])
    }

    @Test("A call is ended by the escape sequence between two silences")
    func hangsUp() {
        var machine = connected()
        #expect(machine.hangUp(now: start) == [.deadline(start + .milliseconds(1100))])
        #expect(machine.received([1, 2], now: start).isEmpty)
        #expect(
            machine.deadlineReached(now: start)
                == [sent("+++"), .deadline(start + .milliseconds(1100) + .seconds(3))]
        )
        #expect(machine.received(line("OK"), now: start) == [sent("ATH\r"), .deadline(start + .seconds(3))])
        #expect(machine.received(line("OK"), now: start) == [.deadline(nil), .hungUp])
        #expect(machine.hasEnded)
    }

    @Test("A modem that does not react to hanging up keeps nobody waiting")
    func deaf() {
        var machine = connected()
        _ = machine.hangUp(now: start)
        #expect(machine.deadlineReached(now: start).first == sent("+++"))
        #expect(machine.deadlineReached(now: start).first == sent("ATH\r"))
        #expect(machine.deadlineReached(now: start) == [.deadline(nil), .hungUp])
    }

    @Test("Dialling can be given up")
    func aborted() {
        var machine = dialling()
        #expect(machine.hangUp(now: start) == [sent("\r"), .deadline(start + .seconds(3))])
        #expect(machine.received(line("NO CARRIER"), now: start) == [.deadline(nil), .hungUp])
        var idle = ModemMachine(Self.settings)
        #expect(idle.hasEnded)
        _ = idle.start(now: start)
        #expect(idle.hangUp(now: start) == [.deadline(nil), .hungUp])
    }

    @Test("A lost call is noticed by what the modem says, in whatever pieces", arguments: 1...14)
    func lost(piece: Int) {
        var machine = connected()
        var rest = ([0x7E, 0x0D, 0x0D, 0x0A] + line("NO CARRIER"))[...]
        var actions: [ModemAction] = []
        while !rest.isEmpty {
            actions += machine.received(Array(rest.prefix(piece)), now: start)
            rest = rest.dropFirst(piece)
        }
        #expect(actions.last == .failed(.carrierLost))
        #expect(machine.hasEnded)
    }
}
