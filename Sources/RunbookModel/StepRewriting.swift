/// What to put in place of the values and files that a step names.
package struct StepRewriter {
    /// Each `${{ … }}`, in commands, texts, conditions and checks.
    package var reference: (Template.Reference) -> Template.Reference
    /// The path of each script and of each file to copy.
    package var file: (String) -> String

    package init(
        reference: @escaping (Template.Reference) -> Template.Reference, file: @escaping (String) -> String = { $0 }
    ) {
        self.reference = reference
        self.file = file
    }
}

extension Step {
    /// Every value that it names but those of `env`, in no order that means anything.
    package var references: [Template.Reference] {
        var found: [Template.Reference] = []
        var copy = self
        copy.environment = []
        copy.rewrite(
            StepRewriter { reference in
                found.append(reference)
                return reference
            })
        return found
    }

    /// Puts other values and files in place of those that it names. All of them are seen, once or more.
    package mutating func rewrite(_ rewriter: StepRewriter) {
        action = rewriter.action(action)
        for index in environment.indices { environment[index].value = rewriter.template(environment[index].value) }
        if case .withPassword(let password) = become { become = .withPassword(rewriter.template(password)) }
        when = when.map(rewriter.condition)
        danger = danger.map(rewriter.template)
        for index in outputs.indices { outputs[index].run = outputs[index].run.map(rewriter.template) }
        if case .check(let check) = skipIf { skipIf = .check(rewriter.check(check)) }
        verify = verify.map(rewriter.check)
        undo = undo.map(rewriter.undo)
    }
}

extension StepRewriter {
    package func template(_ template: Template) -> Template {
        Template(
            template.segments.map { segment in
                if case .reference(let found) = segment { .reference(reference(found)) } else { segment }
            }, at: template.place)
    }

    fileprivate func action(_ action: Action) -> Action {
        switch action {
        case .run(let command): .run(template(command))
        case .script(let file): .script(script(file))
        case .copy(let file): .copy(copy(file))
        case .reboot(let command): .reboot(command.map(template))
        case .waitFor(let condition): .waitFor(check(condition))
        case .manual(let text): .manual(template(text))
        case .approval(var approval):
            {
                approval.message = approval.message.map(template)
                return .approval(approval)
            }()
        case .checkpoint: action
        }
    }

    fileprivate func undo(_ undo: Undo) -> Undo {
        switch undo {
        case .nothing: undo
        case .run(let command, let timeout, let verify):
            .run(template(command), timeout: timeout, verify: verify.map(check))
        case .script(let file, let timeout, let verify):
            .script(script(file), timeout: timeout, verify: verify.map(check))
        case .restore(let file, let timeout): .restore(copy(file), timeout: timeout)
        }
    }

    fileprivate func check(_ check: Check) -> Check {
        var check = check
        switch check.probe {
        case .run(let command): check.probe = .run(template(command))
        case .tcp(let address): check.probe = .tcp(template(address))
        case .http(let address): check.probe = .http(template(address))
        case .copied(let file): check.probe = .copied(copy(file))
        }
        check.equals = check.equals.map(template)
        check.matches = check.matches.map(template)
        check.contains = check.contains.map(template)
        return check
    }

    private func script(_ script: ScriptFile) -> ScriptFile {
        ScriptFile(
            path: Named(file(script.path.name), at: script.path.place), arguments: script.arguments.map(template))
    }

    private func copy(_ copy: CopyFile) -> CopyFile {
        CopyFile(
            source: Named(file(copy.source.name), at: copy.source.place), target: template(copy.target), mode: copy.mode
        )
    }

    fileprivate func condition(_ condition: Condition) -> Condition {
        switch condition {
        case .truth(let one): .truth(operand(one))
        case .equal(let one, let other): .equal(operand(one), operand(other))
        case .different(let one, let other): .different(operand(one), operand(other))
        case .isIn(let one, let others): .isIn(operand(one), others.map(operand))
        case .not(let inner): .not(self.condition(inner))
        case .and(let one, let other): .and(self.condition(one), self.condition(other))
        case .or(let one, let other): .or(self.condition(one), self.condition(other))
        }
    }

    private func operand(_ operand: Condition.Operand) -> Condition.Operand {
        if case .reference(let found) = operand { .reference(reference(found)) } else { operand }
    }
}
