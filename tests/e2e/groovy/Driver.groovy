// The oracle of the differential test: real Groovy runs every script of standard input in one JVM.
// In: one line for each script, its text as a JSON string. Out: one line for each, a JSON object
// {"out", "value", "type"} or {"out", "exception", "message"}.
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilationFailedException

def answers = new PrintStream(new FileOutputStream(FileDescriptor.out), false, 'UTF-8')
def printed = new ByteArrayOutputStream()
System.setOut(new PrintStream(printed, true, 'UTF-8'))
def json = new JsonSlurper()

System.in.newReader('UTF-8').eachLine { line ->
    printed.reset()
    def answer = [:]
    def loader = new GroovyClassLoader(this.class.classLoader)
    try {
        def script = new GroovyShell(loader).parse(json.parseText('[' + line + ']')[0], 'Script1.groovy')
        def value = script.run()
        answer.value = value.inspect()
        answer.type = value == null ? 'null' : value.getClass().name
    } catch (Throwable thrown) {
        answer.exception = thrown.getClass().name
        answer.message = thrown instanceof StackOverflowError ? null : thrown.message
    }
    System.out.flush()
    answer.out = printed.toString('UTF-8')
    answers.println(JsonOutput.toJson(answer))
    answers.flush()
}
