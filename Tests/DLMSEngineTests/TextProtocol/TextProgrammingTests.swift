// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

struct TextProgrammingTests {
    private func pair(
        password: String? = "12345678",
        _ identification: String = "/ABC5meter",
        server: (inout TextServerSettings) -> Void = { _ in },
        link change: (inout TextLinkSettings) -> Void = { _ in }
    ) -> TextPair {
        var pair = TextPair(textSettings(password: password, change), textMeter(identification, server))
        pair.connect()
        return pair
    }

    private func reads(_ addresses: String..., by command: TextRead.Command = .text) -> TextRequest {
        .read(addresses.compactMap { TextRead($0, by: command) })
    }

    @Test func readsSeveralDataSetsInOneSession() {
        var pair = pair()
        let response = pair.perform(reads("1.8.0", "8.8.8", "9.9.9", "2.8.0"))
        #expect(
            response
                == .read([
                    .data(TextTestMeter.block("1.8.0(001234.567*kWh)")), .refused(code: "ER01"), .refused(code: ""),
                    .data(TextTestMeter.block("2.8.0(000000.001*kWh)")),
                ])
        )
        _ = pair.perform(reads("0.9.1", by: .register))
        #expect(pair.sent.filter { $0.hasPrefix("/?") }.count == 1)
        #expect(pair.sent.contains { $0.hasPrefix("\u{1}P1\u{2}(12345678)\u{3}") })
        pair.release()
        #expect(pair.sent.last == "\u{1}B0\u{3}q")
        #expect(pair.events.lineFormats.last?.baud == 300)
        #expect(pair.outcomes.last == .close)
    }

    @Test(arguments: ["/ABC@meter", "/ABCEmeter"])
    func givesCommandsBehindTheDataOfModesAAndB(identification: String) {
        var pair = pair(identification)
        #expect(pair.perform(reads("1.8.0")) == .read([.data(TextTestMeter.block("1.8.0(001234.567*kWh)"))]))
    }

    @Test func writesAndExecutes() throws {
        var pair = pair()
        let set = try #require(TextDataSet(address: "0.9.1", values: [TextValue("120000")].compactMap { $0 }))
        #expect(pair.perform(.write(TextWrite(set, by: .register))) == .done(.done))
        #expect(pair.meter.text("0.9.1") == "120000")
        #expect(pair.perform(.execute(set)) == .done(.done))
    }

    @Test func writesLongTextInPartialBlocks() throws {
        var pair = pair(link: { $0.writeBlockLength = 8 })
        let set = try #require(
            TextDataSet(address: "0.0.0", values: [TextValue("ABCDEFGHIJKLMNOPQRSTUVWXYZ")].compactMap { $0 })
        )
        #expect(pair.perform(.write(TextWrite(set, by: .textBlocks))) == .done(.done))
        #expect(pair.meter.text("0.0.0") == "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        #expect(pair.sent.filter { $0.hasPrefix("\u{1}W3") }.count == 5)
    }

    @Test func readsWithoutPasswordAndIsRefusedToWrite() throws {
        var pair = pair(password: nil)
        #expect(pair.perform(reads("1.8.0")) == .read([.data(TextTestMeter.block("1.8.0(001234.567*kWh)"))]))
        let set = try #require(TextDataSet(address: "0.9.1", values: [TextValue("1")].compactMap { $0 }))
        #expect(pair.perform(.write(TextWrite(set))) == .done(.refused(code: "ER04")))
        #expect(pair.meter.text("0.9.1") == "103000")
    }

    @Test func saysThatThePasswordIsWrong() {
        var pair = pair(password: "87654321")
        #expect(pair.perform(reads("1.8.0")) == nil)
        #expect(pair.error == .text(.passwordRefused(code: "ER04")))
        #expect(!"\(pair.outcomes)".contains("87654321"))
        #expect(pair.sent.filter { $0.contains("P1") }.count == 1)
    }

    @Test func givesEncryptedPasswordMadeElsewhere() {
        let settings = textSettings(password: "12345678") { $0.passwordCommand = .encrypted }
        guard case .text(let link) = settings.link else { return }
        var pair = TextPair(settings, textMeter("/ABC5meter"))
        pair.client = TextClientMachine(settings: settings, link: link) { operand, password in
            password.exposedOctets + operand
        }
        pair.connect()
        #expect(pair.perform(reads("1.8.0")) != nil)
        #expect(pair.sent.contains { $0.hasPrefix("\u{1}P2\u{2}(12345678ABCD)") })
        var unable = TextPair(settings, textMeter("/ABC5meter"))
        unable.connect()
        #expect(unable.perform(reads("1.8.0")) == nil)
        #expect(unable.error == .text(.passwordNotMade))
    }

    @Test(arguments: [nil, 3, 4, 5])
    func putsPartialBlocksTogether(damagedAnswer: Int?) throws {
        var pair = pair(server: { $0.blockLength = 64 })
        pair.onAnswer = { number, octets in number == damagedAnswer ? damaged(octets) : octets }
        let read = try #require(TextRead(profile: "P.01", from: "1260101000000", to: nil, by: .blocks))
        #expect(pair.perform(.read([read])) == .read([.data(TextTestMeter.profile)]))
        #expect(pair.sent.contains { $0.hasPrefix("\u{1}R6\u{2}P.01(1260101000000;)") })
        #expect(pair.sent.filter { $0 == "\u{15}" }.count == (damagedAnswer == nil ? 0 : 1))
    }

    @Test func doesNotTakeOneBlockForTheNext() throws {
        var pair = pair(server: { $0.blockLength = 64 })
        // The fourth answer never comes, and nobody can tell whether the ACK or the block was lost.
        pair.onAnswer = { number, octets in number == 4 ? [] : octets }
        let read = try #require(TextRead(profile: "P.01", from: nil, to: nil, by: .blocks))
        #expect(pair.perform(.read([read])) == nil)
        #expect(pair.error == .timeout(waitingFor: .getBlock))
    }

    @Test func repeatsWhatTheMeterDidNotUnderstand() {
        var pair = pair()
        pair.onQuestion = { number, octets in number == 3 ? damaged(octets) : octets }
        #expect(pair.perform(reads("1.8.0")) == .read([.data(TextTestMeter.block("1.8.0(001234.567*kWh)"))]))
        #expect(pair.sent.filter { $0.hasPrefix("\u{1}R1") }.count == 2)
    }

    @Test func asksOnceMoreWhenAnAnswerIsLost() {
        var pair = pair()
        pair.onAnswer = { number, octets in number == 3 ? [] : octets }
        #expect(pair.perform(reads("1.8.0")) != nil)
        #expect(pair.sent.filter { $0.hasPrefix("\u{1}R1") }.count == 2)
    }

    @Test func neverWritesTwice() throws {
        var pair = pair()
        pair.onAnswer = { number, octets in number == 3 ? [] : octets }
        let set = try #require(TextDataSet(address: "0.9.1", values: [TextValue("1")].compactMap { $0 }))
        #expect(pair.perform(.write(TextWrite(set))) == nil)
        #expect(pair.error == .timeout(waitingFor: .setResponse))
        #expect(pair.sent.filter { $0.hasPrefix("\u{1}W1") }.count == 1)
    }

    @Test func identifiesWithoutReadingAndLeaves() {
        var pair = pair(password: nil)
        guard case .identification(let identification)? = pair.perform(.identification) else {
            Issue.record("no identification: \(String(describing: pair.error))")
            return
        }
        #expect(identification.manufacturer == "ABC")
        #expect(pair.sent.last == "\u{1}B0\u{3}q")
    }

    @Test func signsOnAgainAfterALongPauseAndForReadouts() {
        var pair = pair()
        _ = pair.perform(reads("1.8.0"))
        pair.passTime(.seconds(55))
        #expect(pair.perform(reads("1.8.0")) != nil)
        #expect(pair.sent.filter { $0.hasPrefix("/?") }.count == 2)
        #expect(pair.perform(.readout(.standard)) != nil)
        #expect(pair.sent.filter { $0 == "\u{1}B0\u{3}q" }.count == 2)
    }

    @Test func makesWayBetweenTwoReads() {
        var pair = pair()
        _ = pair.perform(reads("1.8.0"))
        pair.begin(reads("1.8.0", "2.8.0", "0.0.0"))
        pair.interrupt()
        pair.drive { !$0.outcomes.isEmpty }
        #expect(pair.error == .cancelled)
        #expect(pair.client.isReady)
        #expect(pair.perform(reads("2.8.0")) == .read([.data(TextTestMeter.block("2.8.0(000000.001*kWh)"))]))
    }

    @Test func refusesServicesOfObjects() {
        var pair = pair()
        #expect(pair.perform(ServiceRequest.get([attribute()])) == nil)
        #expect(pair.error == .serviceNotAgreed(.get))
        #expect(pair.client.isReady)
    }
}
