// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

struct TextReadoutTests {
    @Test(arguments: ["/ABC@meter", "/ABCEmeter", "/ABC5meter", "/abc5\\2meter", "/ABC0meter"], [true, false])
    func readsEachModeWithAndWithoutBlockCheck(identification: String, hasBlockCheck: Bool) throws {
        var pair = TextPair(textSettings(), textMeter(identification) { $0.hasBlockCheck = hasBlockCheck })
        pair.connect()
        guard case .readout(let readout)? = pair.perform(.readout(.standard)) else {
            Issue.record("no readout: \(String(describing: pair.error)) \(pair.events)")
            return
        }
        #expect(readout.block.sets == pair.meter.readout.sets)
        #expect(readout.check == (hasBlockCheck ? .blockCheck : .none))
        #expect(readout.identification.manufacturer.lowercased() == "abc")
        // The line is back where sessions begin.
        #expect(pair.events.lineFormats.last?.baud == 300)
        #expect(pair.perform(.readout(.standard)) != nil)
    }

    @Test func changesTheSpeedAfterTheOptionHasLeft() {
        var pair = TextPair(textSettings(), textMeter("/ABC5meter"))
        pair.connect()
        _ = pair.perform(.readout(.standard))
        let formats = pair.events.lineFormats.map(\.baud)
        #expect(formats == [300, 9600, 300])
        let option = pair.events.firstIndex(of: .sent(Array("\u{6}050\r\n".utf8)))
        let change = pair.events.firstIndex(of: .line(LineFormat(baud: 9600, dataBits: 7, parity: .even)))
        #expect((option ?? .max) < (change ?? .min))
    }

    @Test(arguments: [
        (TextSignOnSettings.SpeedChange.limited(to: 2400), "\u{6}030\r\n", [UInt32(300), 2400, 300]),
        (.limited(to: 100), "\u{6}000\r\n", [300]), (.none, "\u{6}000\r\n", [300]), (.unnoticed, "\u{6}050\r\n", [300]),
    ])
    func choosesTheSpeedThatTheLineStands(
        change: TextSignOnSettings.SpeedChange,
        option: String,
        speeds: [UInt32]
    ) {
        var pair = TextPair(textSettings { $0.signOn.speedChange = change }, textMeter("/ABC5meter"))
        // What stands in between changes by itself in the last case.
        pair.showsSpeed = change != .unnoticed
        pair.connect()
        #expect(pair.perform(.readout(.standard)) != nil)
        #expect(pair.sent.contains(option))
        #expect(pair.events.lineFormats.map(\.baud) == speeds)
    }

    @Test func readsWhatTheManufacturerKeepsBehindItsOwnMode() {
        var pair = TextPair(textSettings(), textMeter("/ABC5meter"))
        pair.connect()
        guard case .readout(let readout)? = pair.perform(.readout(.manufacturer(.seven))) else {
            Issue.record("no readout")
            return
        }
        #expect(readout.block.sets.map(\.address) == ["F.F"])
        #expect(pair.sent.contains("\u{6}057\r\n"))
    }

    @Test func listensToMeterThatSendsByItself() {
        let line = LineFormat(baud: 2400, dataBits: 7, parity: .even)
        var pair = TextPair(
            textSettings { $0.access = .listening(line) },
            textMeter("/ABC3meter") { $0.sendingInterval = .seconds(10) }
        )
        pair.connect()
        guard case .readout(let readout)? = pair.perform(.readout(.standard)) else {
            Issue.record("no telegram: \(String(describing: pair.error))")
            return
        }
        #expect(readout.block.sets == pair.meter.readout.sets)
        #expect(pair.sent.isEmpty)
        #expect(pair.events.lineFormats == [line])
        #expect(pair.perform(.read([])) == nil)
        #expect(pair.error == .text(.onlyListening))
    }

    @Test func asksForDamagedReadoutAgain() {
        var pair = TextPair(textSettings(), textMeter("/ABC5meter"))
        pair.onAnswer = { number, octets in number == 1 ? damaged(octets) : octets }
        pair.connect()
        guard case .readout(let readout)? = pair.perform(.readout(.standard)) else {
            Issue.record("no readout: \(String(describing: pair.error))")
            return
        }
        #expect(readout.block.sets == pair.meter.readout.sets)
        #expect(pair.sent.filter { $0 == "\u{15}" }.count == 1)
    }

    @Test func givesUpWhatAlwaysComesDamaged() {
        var pair = TextPair(textSettings(), textMeter("/ABC5meter"))
        pair.onAnswer = { number, octets in number >= 1 ? damaged(octets) : octets }
        pair.connect()
        #expect(pair.perform(.readout(.standard)) == nil)
        #expect(pair.error == .text(.damaged(waitingFor: .readout, times: 4)))
        #expect(pair.outcomes.last == .close)
    }

    @Test func asksForReadoutAgainThatWasCutOff() {
        var pair = TextPair(textSettings(), textMeter("/ABC5meter"))
        pair.onAnswer = { number, octets in number == 1 ? Array(octets.dropLast(9)) : octets }
        pair.connect()
        #expect(pair.perform(.readout(.standard)) != nil)
    }

    @Test(arguments: ["/ABC5meter", "/ABC@meter", "/ABCEmeter"])
    func livesWithSlowTrickle(identification: String) {
        var pair = TextPair(textSettings(), textMeter(identification))
        pair.trickles = .milliseconds(33)
        pair.connect()
        #expect(pair.perform(.readout(.standard)) != nil)
    }

    @Test(arguments: [TextSignOnSettings.Echo.automatic, .always])
    func dropsTheEchoOfOpticalHead(echo: TextSignOnSettings.Echo) {
        var pair = TextPair(
            textSettings(password: "12345678") { $0.signOn.echo = echo },
            textMeter("/ABC5meter") { $0.echoes = true }
        )
        pair.connect()
        #expect(pair.perform(.readout(.standard)) != nil)
        #expect(pair.perform(.read([TextRead("1.8.0")].compactMap { $0 })) != nil)
    }

    @Test func carriesParityInTheEighthBit() throws {
        let line = LineFormat(baud: 300)
        var pair = TextPair(
            textSettings { $0.signOn.opening = line },
            textMeter("/ABC5meter") { $0.parity = .even }
        )
        pair.connect()
        #expect(pair.perform(.readout(.standard)) != nil)
        let first = try #require(
            pair.events.compactMap { if case .sent(let octets) = $0 { octets } else { nil } }.first
        )
        #expect(first == TextParity.even.octets(of: Array("/?!\r\n".utf8)))
        #expect(pair.events.lineFormats.map(\.baud) == [300, 9600, 300])
        #expect(pair.events.lineFormats.allSatisfy { $0.dataBits == 8 })
    }

    @Test func wakesSleepingMeter() {
        var pair = TextPair(textSettings { $0.signOn.wakesUp = true }, textMeter("/ABC5meter") { $0.sleeps = true })
        pair.connect()
        #expect(pair.perform(.readout(.standard)) != nil)
        var asleep = TextPair(textSettings(), textMeter("/ABC5meter") { $0.sleeps = true })
        asleep.connect()
        #expect(asleep.perform(.readout(.standard)) == nil)
    }

    @Test func saysWhatFailedInSignOn() {
        var other = TextPair(
            textSettings { $0.signOn = TextSignOnSettings(request: RequestMessage(address: "1") ?? RequestMessage()) },
            textMeter("/ABC5meter") { $0.address = "2" }
        )
        other.connect()
        #expect(other.perform(.readout(.standard)) == nil)
        #expect(other.error == .timeout(waitingFor: .identification))
        #expect(other.sent == ["/?1!\r\n", "/?1!\r\n"])

        var noisy = TextPair(textSettings(), textMeter("/ABC5meter"))
        noisy.onAnswer = { _, octets in octets.map { $0 ^ 0x15 } }
        noisy.connect()
        #expect(noisy.perform(.readout(.standard)) == nil)
        #expect(noisy.error == .text(.identificationUnreadable))

        var stuck = TextPair(textSettings(), textMeter("/ABC5meter"))
        stuck.ignoresSpeed = true
        stuck.connect()
        #expect(stuck.perform(.readout(.standard)) == nil)
        #expect(stuck.error == .text(.speedChangeLost(baud: 9600)))
    }

    @Test func findsMeterByItsAddressWithoutLeadingZeros() {
        var pair = TextPair(
            textSettings {
                $0.signOn = TextSignOnSettings(request: RequestMessage(address: "0042") ?? RequestMessage())
            },
            textMeter("/ABC5meter") { $0.address = "00000042" }
        )
        pair.connect()
        #expect(pair.perform(.readout(.standard)) != nil)
    }

    @Test func dropsReadoutOfCallerWhoLeaves() {
        var pair = TextPair(textSettings(), textMeter("/ABC5meter"))
        pair.connect()
        pair.begin(.readout(.standard))
        pair.passTime(.milliseconds(300))
        pair.cancel()
        #expect(pair.error == .cancelled)
        #expect(pair.client.isAbandoning)
        pair.drive { !$0.client.isAbandoning }
        #expect(pair.client.isReady)
        #expect(pair.perform(.readout(.standard)) != nil)
    }

    @Test func endsAtTheDeadlineOfTheCaller() {
        var pair = TextPair(textSettings(), textMeter("/ABC5meter") { $0.reactionTime = .seconds(1) })
        pair.connect()
        #expect(pair.perform(.readout(.standard), within: .milliseconds(1500)) == nil)
        #expect(pair.error == .timeout(waitingFor: .readout))
    }
}

/// The octets with one bit changed in the middle.
func damaged(_ octets: [UInt8]) -> [UInt8] {
    var octets = octets
    if octets.count > 2 { octets[octets.count / 2] ^= 0x01 }
    return octets
}

extension [TextPair.Event] {
    var lineFormats: [LineFormat] {
        compactMap { if case .line(let format) = $0 { format } else { nil } }
    }
}
